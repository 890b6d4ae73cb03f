"""Blocks in which stored images are read for counting: sums do not care where they are cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from math import prod
from typing import TypeVar

from bioloom.geometry.box import Box
from bioloom.usage import give_back

BLOCK_VOXELS = 2**21
"""Voxels of a block: counting holds some 40 bytes for each of them."""
SLAB_VOXELS = 2**20
_CHUNK = {2: 256, 3: 64}  # of the stores: a block that cuts chunks has them read twice

Part = TypeVar("Part")


def blocks(shape: Sequence[int]) -> Iterator[Box]:
    """Cut an image into squares or cubes of up to `BLOCK_VOXELS` voxels (128 a side in 3D), row by row.

    What a block held and freed is given back to the system before the next one.
    """
    side = max(1, round(BLOCK_VOXELS ** (1 / len(shape))))
    chunk = _CHUNK.get(len(shape), 1)
    side = side // chunk * chunk or side
    whole = Box.of(tuple(shape))
    for number, start in enumerate(product(*(range(0, length, side) for length in whole.shape))):
        if number:
            give_back()
        yield Box(start, tuple(at + side for at in start)).clip(whole)


def slabs(box: Box) -> Iterator[Box]:
    """Cut a block along its first axis into slabs of `SLAB_VOXELS` voxels, or layers if these hold more.

    What is computed per voxel then takes little memory beside the block itself. An empty block is one slab.
    """
    thick = max(1, SLAB_VOXELS // max(1, prod(box.shape[1:])))
    for at in range(box.start[0], max(box.stop[0], box.start[0] + 1), thick):
        yield Box((at, *box.start[1:]), (min(at + thick, box.stop[0]), *box.stop[1:]))


def merged(
    parts: Iterable[Part], merge: Callable[[Sequence[Part]], Part], rows: Callable[[Part], int]
) -> Part:
    """Merge the tables of many blocks, now and then on the way.

    A table takes some kilobytes even if it has no rows. To merge after every block would take too long where
    there are many objects: so many parts wait as take little memory beside the merged ones.
    """
    waiting: list[Part] = []
    for part in parts:
        waiting.append(part)
        if len(waiting) > max(32, rows(waiting[0]) // 1000):
            waiting = [merge(waiting)]
    return merge(waiting)
