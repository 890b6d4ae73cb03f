"""Rotation, magnification, shear and shift."""

from __future__ import annotations

from math import cos, radians, sin, tan

import numpy as np
import torch

from bioloom.augment.draw import log_uniform, symmetric
from bioloom.augment.frame import Frame
from bioloom.augment.options import AffineOptions
from bioloom.augment.spatial_map import Matrix, SpatialMap


def affine(map_: SpatialMap, options: AffineOptions, generator: torch.Generator) -> SpatialMap:
    """Rotate, magnify, shear and shift the picture about the center of the patch.

    Nothing is turned out of or moved along an axis on which the patch is flat, so that planes stay apart.
    """
    ndim, flat = map_.frame.ndim, map_.frame.flat
    matrix = _turn(map_.frame, (-2, -1), symmetric(options.rotation, generator))
    if ndim == 3:
        for plane in ((0, 1), (0, 2)):
            matrix = matrix @ _turn(map_.frame, plane, symmetric(options.tilt, generator))
    sheared = np.eye(ndim)
    shear = tan(radians(symmetric(options.shear, generator)))
    sheared[-1, -2] = 0.0 if flat[-1] or flat[-2] else shear
    magnification = log_uniform(*options.scale, generator)
    voxels = np.array([symmetric(options.translation, generator) for _ in range(ndim)])
    voxels[list(flat)] = 0
    return map_.then(matrix @ sheared / magnification, voxels * map_.frame.spacing)


def _turn(frame: Frame, plane: tuple[int, int], degrees: float) -> Matrix:
    """Return a rotation in a plane, none where the patch is flat along one of its axes."""
    return rotation(frame.ndim, plane, 0.0 if any(frame.flat[axis] for axis in plane) else degrees)


def rotation(ndim: int, plane: tuple[int, int], degrees: float) -> Matrix:
    """Return the matrix of a rotation in the plane of two axes, shape ``(ndim, ndim)``."""
    first, second = plane
    matrix = np.eye(ndim)
    matrix[first, first] = matrix[second, second] = cos(radians(degrees))
    matrix[first, second] = -sin(radians(degrees))
    matrix[second, first] = sin(radians(degrees))
    return matrix
