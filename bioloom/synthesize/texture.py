"""Smooth random fields, of which textures, uneven light and crooked outlines are made."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from bioloom.synthesize.kind import Frame


def field(generator: np.random.Generator, frame: Frame, length: float) -> np.ndarray:
    """Return a random field that changes over a distance of about `length` micrometres.

    White noise, smoothed by a Gaussian and scaled.

    Parameters
    ----------
    generator : numpy.random.Generator
        Source of the noise.
    frame : Frame
        The picture.
    length : float
        Standard deviation of the Gaussian, micrometres.

    Returns
    -------
    ndarray of float32
        (*spatial), mean 0 and standard deviation 1.
    """
    noise = generator.standard_normal(frame.shape, np.float32)
    smooth = ndimage.gaussian_filter(noise, frame.voxels(length), mode="wrap")
    smooth -= smooth.mean()
    return smooth / max(float(smooth.std()), 1e-12)


def displaced(generator: np.random.Generator, frame: Frame, length: float, distance: float) -> np.ndarray:
    """Return the coordinates of all voxels, each moved by a smooth random map.

    Parameters
    ----------
    generator : numpy.random.Generator
        Source of the map.
    frame : Frame
        The picture.
    length, distance : float
        Over which distance the map changes, and how far it moves a voxel along an axis (standard
        deviation); micrometres.

    Returns
    -------
    ndarray of float32
        (axis, *spatial), micrometres.
    """
    found = frame.coordinates()
    for axis in range(frame.ndim):
        found[axis] += np.float32(distance) * field(generator, frame, length)
    return found
