"""Reading a foreign image slab by slab, so that memory does not grow with it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import fastremap
import numpy as np

from bioloom.geometry.grid import tiles
from bioloom.volumes.formats.foreign import Foreign
from bioloom.volumes.layout import CHUNK_SIDE

SLAB_BYTES = 1 << 25


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """What one reading of an image of integers tells.

    Parameters
    ----------
    range : tuple of int
        Smallest and largest value.
    ids : ndarray of int, shape (n,)
        The different values, ascending (none if they were not asked for).
    voxels : ndarray of int64, shape (n,)
        How often each occurs.
    """

    range: tuple[int, int]
    ids: np.ndarray
    voxels: np.ndarray

    @property
    def objects(self) -> int:
        """How many different values there are, 0 aside."""
        return int(np.count_nonzero(self.ids))


def slab_shape(image: Foreign, block: tuple[int, ...]) -> tuple[int, ...]:
    """Return the spatial shape of what is read at a time: whole `block`s, at most about 32 MB.

    Slabs are thin along the first axis first: pages and rows are what foreign files are made of.
    """
    voxel = image.channels * (np.dtype(image.source.dtype).itemsize + image.dtype.itemsize)
    shape = list(image.spatial)
    for axis, side in enumerate(block):
        others = prod(shape) // shape[axis] * voxel
        fitting = SLAB_BYTES // others
        shape[axis] = shape[axis] if fitting >= shape[axis] else max(side, fitting // side * side)
    return tuple(shape)


def scan(image: Foreign, *, objects: bool = False) -> Scan:
    """Read an image of integers once and return its range and, if asked for, which ids it holds."""
    least, most = [], []
    found, voxels = np.zeros(0, image.dtype), np.zeros(0, np.int64)
    for box in tiles(image.spatial, slab_shape(image, (CHUNK_SIDE[image.ndim],) * image.ndim)):
        block = image.read(box)
        least.append(int(block.min()))
        most.append(int(block.max()))
        if objects:
            ids, counts = fastremap.unique(block, return_counts=True)
            found, where = np.unique(np.concatenate([found, ids]), return_inverse=True)
            former, voxels = voxels, np.zeros(found.size, np.int64)
            np.add.at(voxels, where, np.concatenate([former, counts.astype(np.int64)]))
    return Scan((min(least), max(most)), found, voxels)
