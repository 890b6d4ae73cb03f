"""Connected components of an image that is cut into blocks: united over faces, edges and corners.

Every block labels its own core. Two voxels of different cores that are neighbours both lie on surfaces, so
the surfaces of touching cores are enough to find every pair of components that belong together.
"""

from __future__ import annotations

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

Surface = list[tuple[Box, NDArray[np.int64]]]
"""The faces of a core with their component ids."""


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

    Parameters
    ----------
    layout : Layout
        The blocks.
    connectivity : int
        As in :func:`label_components`.
    prefix : str
        What stands before the names ``first`` and ``face-...`` in the partials.
    """

    def __init__(self, layout: Layout, connectivity: int, prefix: str = "") -> None:
        self._layout = layout
        self._connectivity = connectivity
        self._prefix = prefix
        self._first: list[NDArray[np.int64]] = []
        self._pairs = [np.empty((0, 2), np.int64)]
        self._offsets = [0]
        self._surfaces: dict[int, Surface] = {}
        self._last_use: dict[int, int] = {}

    def add(self, partial: Arrays) -> None:
        """Take the next block, in their order, into account.

        Its partial has ``first`` (the first voxel of each local component, as raster index of the image) and
        the labels of its :func:`faces`.
        """
        position = len(self._first)
        block = self._layout.blocks[position]
        self._first.append(partial.read(f"{self._prefix}first"))
        self._surfaces[position] = self._surface(partial, block.core)
        self._offsets.append(self._offsets[-1] + self._first[-1].size)
        around = self._layout.touching(block.core.grow(1))
        self._last_use[position] = around[-1]
        for other in around:
            if other < position:
                pair = (self._layout.blocks[other].core, block.core)
                surfaces = (self._surfaces[other], self._surfaces[position])
                self._pairs.append(_pairs(surfaces[0], pair[0], surfaces[1], pair[1], self._connectivity))
        for done in [key for key in self._surfaces if self._last_use[key] <= position]:
            del self._surfaces[done]  # all its neighbours were seen: memory holds one layer of blocks

    def ids(self) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """Return the image-wide id of every local component, and where each block's entries begin.

        Ids are numbered by first voxels; the second array, int64, ends with the total.
        """
        ids = _number(np.concatenate(self._first), np.concatenate(self._pairs))
        return ids, np.array(self._offsets, np.int64)

    def _surface(self, partial: Arrays, core: Box) -> Surface:
        surface = []
        for name, box in faces(core).items():
            labels = partial.read(f"{self._prefix}{name}").astype(np.int64)
            surface.append((box, np.where(labels > 0, labels + self._offsets[-1], 0)))
        return surface


def _pairs(one: Surface, core: Box, two: Surface, other: Box, connectivity: int) -> NDArray[np.int64]:
    """Return the distinct pairs of components, (n, 2), that touch across two neighbouring cores."""
    near, far = core.clip(other.grow(1)), other.clip(core.grow(1))
    hull = Box(tuple(map(min, near.start, far.start)), tuple(map(max, near.stop, far.stop)))
    slab = np.zeros(hull.shape, np.int64)
    for surface, part in ((one, near), (two, far)):
        box, ids = next(entry for entry in surface if entry[0].contains(part))
        slab[part.within(hull).slices] = ids[part.within(box).slices]
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
