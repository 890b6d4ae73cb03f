"""Blocks in which stored images are read for counting: sums do not care where they are cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from bioloom.geometry.box import Box

BLOCK_VOXELS = 2**24


def blocks(shape: Sequence[int]) -> Iterator[Box]:
    """Cut an image into squares or cubes of `BLOCK_VOXELS` voxels (256 a side in 3D), row by row."""
    side = max(1, round(BLOCK_VOXELS ** (1 / len(shape))))
    whole = Box.of(tuple(shape))
    for start in product(*(range(0, length, side) for length in whole.shape)):
        yield Box(start, tuple(at + side for at in start)).clip(whole)
