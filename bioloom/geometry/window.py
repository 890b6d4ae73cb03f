"""Integer weights that blend overlapping patches.

The weight of a voxel in a patch is the product of one value per axis::

    weight 16        ________________
                   /                  \
    weight  1    /                      \
                 |overlap|      |overlap|        sides on the image border stay flat

Weights are integers and never 0, so that sums are exact in any order and every voxel has a result; the sum
of all weights at a voxel is the product of per-axis sums and needs no array of its own in any file.
"""

from __future__ import annotations

from functools import reduce
from math import prod

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.geometry.grid import PatchGrid

TOP = 16


def axis_window(size: int, overlap: int, *, first: bool, last: bool) -> NDArray[np.int32]:
    """Return the weights of one patch along one axis, shape ``(size,)``, values in 1..16.

    Parameters
    ----------
    size, overlap : int
        Side of the patch and voxels shared with the next one.
    first, last : bool
        Whether the low and the high side lie on the image border; these sides are flat.
    """
    window = np.full(size, TOP, np.int32)
    ramp = 1 + (TOP - 1) * (2 * np.arange(overlap, dtype=np.int32) + 1) // (2 * max(overlap, 1))
    if not first:
        window[:overlap] = np.minimum(window[:overlap], ramp)
    if not last:
        window[size - overlap :] = np.minimum(window[size - overlap :], ramp[::-1])
    return window


def patch_window(grid: PatchGrid, index: tuple[int, ...]) -> NDArray[np.int32]:
    """Return the weights of one patch, shape ``grid.size``."""
    return _outer([_axis(grid, axis, i) for axis, i in enumerate(index)])


def total_weight(grid: PatchGrid, box: Box) -> NDArray[np.int32]:
    """Return the sum of the weights of all patches of the image inside `box`, shape ``box.shape``."""
    sums = []
    for axis, (start, stop) in enumerate(zip(box.start, box.stop, strict=True)):
        starts, side = grid.starts[axis], grid.size[axis]
        total = np.zeros(starts[-1] + side - starts[0], np.int32)
        for i, first in enumerate(starts):
            total[first - starts[0] :][:side] += _axis(grid, axis, i)
        sums.append(total[start - starts[0] : stop - starts[0]])
    return _outer(sums)


def largest_weight(grid: PatchGrid) -> int:
    """Return the largest total weight of any voxel of the image."""
    peaks = []
    margin = grid.margin or (0,) * len(grid.shape)
    for line in zip(grid.shape, grid.size, grid.overlap, margin, strict=True):
        axis = PatchGrid(*((n,) for n in line))
        peaks.append(int(total_weight(axis, Box.of(axis.shape)).max()))
    return prod(peaks)


def _axis(grid: PatchGrid, axis: int, i: int) -> NDArray[np.int32]:
    count = len(grid.starts[axis])
    return axis_window(grid.size[axis], grid.overlap[axis], first=i == 0, last=i == count - 1)


def _outer(lines: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    return reduce(np.multiply.outer, lines)
