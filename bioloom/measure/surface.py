"""Surfaces by cells: what each arrangement of an object in 2 x 2 (x 2) voxels adds to its boundary.

::

    . . . . .        a cell lies between voxel centres,        o---#     corner 0 0   value 1
    . # # . .        and says which of its corners             |   |            0 1         2
    . # # # .        belong to the object                      #---#            1 0         4
    . . . . .                                                                   1 1         8

Every cell counts once, so the surface of an object is a sum over the cells of the image, whoever looks at
which of them.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from math import atan2, frexp, hypot, pi

import numpy as np

_BITS = 30
"""Surfaces of cells have that many binary digits, so float64 adds up 8 million of the largest exactly."""


@cache
def cell_surface(spacing: tuple[float, ...]) -> np.ndarray:
    """Return the surface in a cell for each of the arrangements of its corners.

    Parameters
    ----------
    spacing : tuple of float
        Voxel size in micrometres, 2 or 3 spatial axes.

    Returns
    -------
    (16,) or (256,) float64
        The entry is the sum of 2**corner over the corners in the object, numbered in C order. In 2D what the
        cell adds to the perimeter, micrometres; in 3D to the surface, square micrometres. Rounded so that
        sums do not depend on their order.
    """
    surface = _perimeters(*spacing) if len(spacing) == 2 else _areas(spacing)
    step = 2.0 ** (frexp(surface.max())[1] - _BITS)
    return np.round(surface / step) * step


def _perimeters(height: float, width: float) -> np.ndarray:
    """Perimeter by Crofton's formula, along the rows, columns and both diagonals of the pixels.

    The length of a curve is half the integral, over all directions, of the number of lines that cross it
    times their distance. Lines through pixel centres along a step s are (pixel area / |s|) apart; a direction
    stands for all angles that are nearer to it than to the others. For square pixels this is
    ``skimage.measure.perimeter_crofton(directions=4)``.

    References
    ----------
    Lehmann and Legland, Efficient N-dimensional surface estimation using Crofton formula and run-length
    encoding, Insight Journal (2012), for pixels that are no squares.
    """
    diagonal, tilt = hypot(height, width), atan2(height, width)
    along_row = tilt / 2 * height
    along_column = (pi / 2 - tilt) / 2 * width
    along_diagonal = pi / 8 * height * width / diagonal
    perimeters = np.zeros(16)
    for entry in range(16):
        a, b, c, d = _corners(entry, 2)
        # Two cells share a side, so each has half of it; a diagonal belongs to one.
        rows, columns, diagonals = (a != b) + (c != d), (a != c) + (b != d), (a != d) + (b != c)
        perimeters[entry] = (rows * along_row + columns * along_column) / 2 + diagonals * along_diagonal
    return perimeters


def _areas(spacing: tuple[float, ...]) -> np.ndarray:
    """Area of the marching cubes surface half-way between voxel centres (Lewiner et al. 2003)."""
    from skimage.measure import marching_cubes

    areas = np.zeros(256)
    for entry in range(1, 255):
        cube = np.reshape(_corners(entry, 3), (2, 2, 2)).astype(np.float32)
        vertices, triangles, _, _ = marching_cubes(cube, 0.5)
        a, b, c = np.moveaxis(vertices.astype(np.float64)[triangles] * spacing, 1, 0)
        areas[entry] = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    return areas


def _corners(entry: int, ndim: int) -> list[int]:
    return [entry >> corner & 1 for corner, _ in enumerate(product((0, 1), repeat=ndim))]
