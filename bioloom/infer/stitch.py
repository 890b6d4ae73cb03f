"""From the integer sums of chunks to the prediction of an image, block by block."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.geometry.grid import ChunkRow, PatchGrid
from bioloom.geometry.window import total_weight
from bioloom.infer.fixed_point import dequantize

ReadSums = Callable[[ChunkRow, Box], NDArray[np.int32]]
"""Reads the sums of a row inside a box given in the row's own coordinates, ``(target, *box.shape)``."""


def stitch_block(
    core: Box, grid: PatchGrid, rows: Sequence[ChunkRow], read: ReadSums, targets: int
) -> NDArray[np.float32]:
    r"""Return the prediction of one block: the sums of all chunks that touch it, over the known weights.

    Parameters
    ----------
    core : Box
        The block.
    grid : PatchGrid
        Patches of the image.
    rows : sequence of ChunkRow
        All rows of the image; those that do not touch the block are not read.
    read : callable
        Reads part of the sums of a row.
    targets : int
        Number of target channels.

    Returns
    -------
    ndarray of float32, shape (target, \*core.shape)
    """
    sums = np.zeros((targets, *core.shape), np.int32)
    for row in rows:
        common = row.box.clip(core)
        if not common.empty:
            sums[(slice(None), *common.within(core).slices)] += read(row, common.within(row.box))
    return dequantize(sums, total_weight(grid, core))
