"""Shapes by second moments: the ellipse or ellipsoid that an object's voxels are spread like."""

from __future__ import annotations

import numpy as np

_ALIKE = 1e-9
"""Axes that differ by less than this share, in squares, have no direction."""


def axis_lengths(covariance: np.ndarray) -> np.ndarray:
    """Return the lengths of the axes of the ellipsoids with these second moments.

    Parameters
    ----------
    covariance : (n, d, d) float64
        Central second moments; see `bioloom.measure.moments.centered`.

    Returns
    -------
    (n, d) float64
        Full lengths, the longest first, in the unit of the square root of `covariance`: as
        ``axis_major_length`` and ``axis_minor_length`` of ``skimage.measure.regionprops``.
    """
    ndim = covariance.shape[-1]
    spread = np.clip(np.linalg.eigvalsh(covariance)[:, ::-1], 0, None)
    return np.asarray(2 * np.sqrt((ndim + 2) * spread))


def eccentricity(lengths: np.ndarray) -> np.ndarray:
    """Return the eccentricity of ellipses by their axes, (n, 2); 0 for a single voxel."""
    return np.asarray(np.sqrt(1 - _ratio(lengths[:, 1], lengths[:, 0], 1.0) ** 2))


def elongation(lengths: np.ndarray) -> np.ndarray:
    """Return the longest axis over the second one, (n,); NaN where that has no length."""
    return _ratio(lengths[:, 0], lengths[:, 1], np.nan)


def flatness(lengths: np.ndarray) -> np.ndarray:
    """Return the second axis over the shortest one of (n, 3) lengths, (n,); NaN where that has no length."""
    return _ratio(lengths[:, 1], lengths[:, 2], np.nan)


def orientation(covariance: np.ndarray) -> np.ndarray:
    """Return the angle between the first axis (the columns of pixels) and the longest axis of ellipses.

    Parameters
    ----------
    covariance : (n, 2, 2) float64

    Returns
    -------
    (n,) float64
        Radians, above -pi/2 and up to pi/2, as ``orientation`` of ``skimage.measure.regionprops``; NaN where
        both axes are alike.
    """
    across, mixed = covariance[:, 0, 0] - covariance[:, 1, 1], 2 * covariance[:, 0, 1]
    angle = np.arctan2(mixed + 0.0, across) / 2
    alike = np.hypot(mixed, across) <= _ALIKE * np.trace(covariance, axis1=1, axis2=2)
    return np.where(alike, np.nan, angle)


def _ratio(above: np.ndarray, below: np.ndarray, otherwise: float) -> np.ndarray:
    """One length over another, `otherwise` where that is next to nothing."""
    return np.divide(above, below, out=np.full_like(below, otherwise), where=below > _ALIKE * (above + below))
