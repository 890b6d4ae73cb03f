"""Rotation, magnification, shear and shift."""

from __future__ import annotations

from math import cos, radians, sin, tan

import numpy as np
import torch

from bioloom.augment.draw import log_uniform, symmetric
from bioloom.augment.options import AffineOptions
from bioloom.augment.spatial_map import Matrix, SpatialMap


def affine(map_: SpatialMap, options: AffineOptions, generator: torch.Generator) -> SpatialMap:
    """Rotate, magnify, shear and shift the picture about the center of the patch."""
    ndim = map_.frame.ndim
    matrix = rotation(ndim, (-2, -1), symmetric(options.rotation, generator))
    if ndim == 3:
        for plane in ((0, 1), (0, 2)):
            matrix = matrix @ rotation(ndim, plane, symmetric(options.tilt, generator))
    sheared = np.eye(ndim)
    sheared[-1, -2] = tan(radians(symmetric(options.shear, generator)))
    magnification = log_uniform(*options.scale, generator)
    voxels = np.array([symmetric(options.translation, generator) for _ in range(ndim)])
    return map_.then(matrix @ sheared / magnification, voxels * map_.frame.spacing)


def rotation(ndim: int, plane: tuple[int, int], degrees: float) -> Matrix:
    """Return the matrix of a rotation in the plane of two axes, shape ``(ndim, ndim)``."""
    first, second = plane
    matrix = np.eye(ndim)
    matrix[first, first] = matrix[second, second] = cos(radians(degrees))
    matrix[first, second] = -sin(radians(degrees))
    matrix[second, first] = sin(radians(degrees))
    return matrix
