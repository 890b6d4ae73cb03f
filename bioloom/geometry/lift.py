"""Lists over space that were given or settled for planes, for the axes of a volume.

A network that sees planes predicts a volume plane by plane. What was said of planes, two numbers, then means:

====================  ==============  =======================================================================
option                2D              3D
====================  ==============  =======================================================================
``infer.patch_size``  (y, x)          (1, y, x): a patch is a piece of one plane
``patch.overlap``     (y, x)          (0, y, x): planes share nothing
``infer.chunk``       (y, x) patches  (n, y, x), n being as many planes as hold no more patches together
``infer.block``       (y, x)          256 voxels along every axis, one shard of a stored volume
====================  ==============  =======================================================================

Three numbers are for volumes and stay as they are, also for a 2D image, which they do not fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

LIFTED_BLOCK = (256, 256, 256)


def lifted(sides: Sequence[int], ndim: int, along_z: int) -> tuple[int, ...]:
    """Return `sides` for an image of `ndim` spatial axes, `along_z` being put before two for planes."""
    return (along_z, *sides) if _for_planes(sides, ndim) else tuple(sides)


def lifted_chunk(chunk: Sequence[int], counts: Sequence[int]) -> tuple[int, ...]:
    """Return how many patches per axis a chunk holds in an image of `counts` patches per axis."""
    if not _for_planes(chunk, len(counts)):
        return tuple(chunk)
    in_plane = prod(min(most, count) for most, count in zip(chunk, counts[1:], strict=True))
    return (prod(chunk) // in_plane, *chunk)


def lifted_block(block: Sequence[int], ndim: int) -> tuple[int, ...]:
    """Return the sides of a block in voxels."""
    return LIFTED_BLOCK if _for_planes(block, ndim) else tuple(block)


def _for_planes(sides: Sequence[int], ndim: int) -> bool:
    return (len(sides), ndim) == (2, 3)
