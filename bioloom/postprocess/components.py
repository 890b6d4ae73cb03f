"""Connected components of an image that is cut into blocks: united over faces, edges and corners.

Every block labels its own core. Two voxels of different cores that are neighbours both lie on surfaces, so
the surfaces of touching cores are enough to find every pair of components that belong together.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import Any, Literal

import cc3d
import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.labels import first_voxels
from bioloom.postprocess.workspace import Arrays

NEIGHBOURS: dict[tuple[int, int], Literal[4, 6, 8, 18, 26]] = {
    (2, 1): 4,
    (2, 2): 8,
    (3, 1): 6,
    (3, 2): 18,
    (3, 3): 26,
}
"""The number of neighbours of a voxel, by dimension and by how many coordinates may differ at once."""

OPEN = 8
"""Partials that stay open."""


def label_components(mask: NDArray[np.bool_], connectivity: int) -> tuple[NDArray[Any], int]:
    """Label the connected components of a mask 1 to n, in the smallest dtype, and count them.

    Parameters
    ----------
    mask : ndarray of bool, shape (y, x) or (z, y, x)
    connectivity : int
        1 for shared faces, 2 also edges, 3 also corners.
    """
    # As integers: the shortcut of cc3d 4.1.1 for booleans errs in small arrays with 8 or 26 neighbours.
    values = np.ascontiguousarray(mask).view(np.uint8)
    labels, count = cc3d.connected_components(
        values, connectivity=NEIGHBOURS[mask.ndim, connectivity], return_N=True
    )
    return labels, int(count)


def faces(core: Box) -> dict[str, Box]:
    """Return the two outermost layers of every axis, by name; together they are the surface of a core."""
    boxes = {}
    for axis in range(core.ndim):
        for side, first in (("low", core.start[axis]), ("high", core.stop[axis] - 1)):
            start, stop = list(core.start), list(core.stop)
            start[axis], stop[axis] = first, first + 1
            boxes[f"face-{axis}-{side}"] = Box(tuple(start), tuple(stop))
    return boxes


class Union:
    """Components of a whole image, from the components of its blocks.

    Memory holds the components, never the voxels of their surfaces: those of earlier blocks are read again
    when a block that they touch comes, for in a large image a layer of blocks is large, too.

    Parameters
    ----------
    layout : Layout
        The blocks.
    connectivity : int
        As in :func:`label_components`.
    partial : callable
        Opens the partial of the block at a position. It has ``first`` (the first voxel of each local
        component, as raster index of the image) and the labels of its :func:`faces`.
    prefix : str
        What stands before the names ``first`` and ``face-...`` in the partials.
    """

    def __init__(
        self, layout: Layout, connectivity: int, partial: Callable[[int], Arrays], prefix: str = ""
    ) -> None:
        self._layout = layout
        self._connectivity = connectivity
        self._partial = lru_cache(maxsize=OPEN)(partial)
        self._prefix = prefix
        # not lists of small arrays: one costs more than the few numbers of a block
        self._first, self._pairs, self._offsets = array("q"), array("q"), array("q", [0])

    def add(self) -> None:
        """Take the next block, in the order of the layout, into account."""
        position = len(self._offsets) - 1
        core = self._layout.blocks[position].core
        self._first.frombytes(self._partial(position).read(f"{self._prefix}first").astype("q").tobytes())
        self._offsets.append(len(self._first))
        for other in self._layout.touching(core.grow(1)):
            if other < position and _differing(core, self._layout.blocks[other].core) <= self._connectivity:
                self._pairs.frombytes(self._touching(other, position).tobytes())

    def ids(self) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """Return the image-wide id of every local component, and where each block's entries begin.

        Ids are numbered by first voxels; the second array, int64, ends with the total.
        """
        first, pairs = np.array(self._first, np.int64), np.array(self._pairs, np.int64).reshape(-1, 2)
        return _number(first, pairs), np.array(self._offsets, np.int64)

    def _touching(self, one: int, two: int) -> NDArray[np.int64]:
        """Return the distinct pairs of components, (n, 2), that touch across two neighbouring cores."""
        core, other = (self._layout.blocks[position].core for position in (one, two))
        near, far = core.clip(other.grow(1)), other.clip(core.grow(1))
        hull = Box(tuple(map(min, near.start, far.start)), tuple(map(max, near.stop, far.stop)))
        slab = np.zeros(hull.shape, np.int64)
        for position, part in ((one, near), (two, far)):
            labels = self._surface(position, part)
            slab[part.within(hull).slices] = np.where(labels > 0, labels + self._offsets[position], 0)
        return _pairs(slab, self._connectivity)

    def _surface(self, position: int, part: Box) -> NDArray[np.int64]:
        """Return the local labels of a part of a block's surface."""
        named = faces(self._layout.blocks[position].core).items()
        name, box = next((name, box) for name, box in named if box.contains(part))
        found = self._partial(position).read(f"{self._prefix}{name}", part.within(box).slices)
        return found.astype(np.int64)


def _differing(core: Box, other: Box) -> int:
    """Return along how many axes neighbouring cores lie side by side: 1 for a face, 2 an edge, 3 a corner."""
    common = zip(core.start, core.stop, other.start, other.stop, strict=True)
    return sum(min(b, d) <= max(a, c) for a, b, c, d in common)


def _pairs(slab: NDArray[np.int64], connectivity: int) -> NDArray[np.int64]:
    """Return the distinct pairs of different components that are neighbours somewhere, (n, 2)."""
    found = []
    for step in _half_neighbourhood(slab.ndim, connectivity):
        here = slab[tuple(slice(max(0, -s), n - max(0, s)) for s, n in zip(step, slab.shape, strict=True))]
        there = slab[tuple(slice(max(0, s), n - max(0, -s)) for s, n in zip(step, slab.shape, strict=True))]
        touch = (here > 0) & (there > 0) & (here != there)
        found.append(np.stack([here[touch], there[touch]], axis=1))
    return np.unique(np.concatenate(found), axis=0)


def describe(
    labels: NDArray[Any], count: int, core: Box, image: Box, prefix: str = ""
) -> dict[str, NDArray[Any]]:
    """Return what :class:`Union` wants to know of the `count` components of a core."""
    found = {f"{prefix}{name}": labels[face.within(core).slices] for name, face in faces(core).items()}
    return {f"{prefix}first": first_voxels(labels, count, core, image), **found}


def _half_neighbourhood(ndim: int, connectivity: int) -> list[tuple[int, ...]]:
    """Return one of each pair of opposite steps to a neighbour."""
    steps = product((-1, 0, 1), repeat=ndim)
    return [step for step in steps if step > (0,) * ndim and sum(map(abs, step)) <= connectivity]


def _number(first: NDArray[np.int64], pairs: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return the id of every component: united along `pairs` (from 1), numbered by smallest first voxel."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs), bool), tuple(pairs.T - 1)), shape=(first.size, first.size))
    if not first.size:
        return np.zeros(0, np.uint32)
    groups, group = connected_components(graph, directed=False)
    smallest = np.full(groups, np.iinfo(np.int64).max)
    np.minimum.at(smallest, group, first)
    rank = np.empty(groups, np.uint32)
    rank[np.argsort(smallest)] = np.arange(1, groups + 1)
    return rank[group]
