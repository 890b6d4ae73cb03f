r"""Seeds: where a map is high, and as many as it falls into when the threshold rises.

Two objects that touch often share one region above a low threshold, while a high one misses faint objects.
So the threshold is raised step by step, which makes a tree of components, each inside one of the level below.
A component is one seed if no level above it shows several pieces; otherwise its pieces are looked at in the
same way::

    map        _      _                  level 2     B   C        seeds: B, C, and D, which is faint but
            __/ \____/ \__     _         level 1   [ B   C ]  D   alone in its component
    _______/              \___/ \____    level 0   [   A   ]  D

The tree of an image is united from those of its blocks, level by level, so blocks do not show. These are the
markers that have a depth (dynamics: Grimaud, Proc. SPIE 1769, 1992) of one step and a size.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.channels import Expression
from bioloom.postprocess.components import OPEN, Union, describe, label_components
from bioloom.postprocess.ordering import Ranking
from bioloom.postprocess.passes import LABELS, Reader, Source
from bioloom.postprocess.workspace import Arrays, Slices

PARTS = "parts"


@dataclass(frozen=True)
class Rules:
    """The options of a watershed, resolved for one prediction."""

    foreground: Expression
    foreground_threshold: float
    seeds: Expression
    levels: tuple[float, ...]
    seed_voxels: int
    topography: Expression
    connectivity: int
    radius: tuple[int, ...]
    rank: Ranking
    sigma: tuple[float, ...]
    keep_unseeded: bool
    view: Callable[[Reader, Box], Reader] = lambda prediction, image: prediction

    def read(self, source: Source, box: Box) -> NDArray[Any]:
        """Return the prediction in a box; `view` may add channels that are made of others."""
        return self.view(source.prediction, source.image).read(box)

    def mask(self, prediction: NDArray[Any]) -> NDArray[np.bool_]:
        """Return the foreground, ``(*spatial)``, of a prediction ``(channel, *spatial)``."""
        return self.foreground(prediction) > self.foreground_threshold

    def seed_values(self, prediction: NDArray[Any], inner: Slices) -> NDArray[np.float32]:
        """Return the smoothed seed map in the part `inner` of a prediction ``(channel, *spatial)``.

        The rest is the context that smoothing needs, :attr:`reach` wide where the image goes on.
        """
        from scipy.ndimage import gaussian_filter  # the options are read without scipy

        values = self.seeds(prediction)
        if any(self.sigma):
            # every output is summed up in the same order wherever the window lies, so windows agree exactly
            values = gaussian_filter(values, self.sigma, mode="reflect", radius=self.reach)
        return np.asarray(values[inner])

    @property
    def reach(self) -> tuple[int, ...]:
        """How far smoothing looks, in voxels per axis: three standard deviations."""
        return tuple(ceil(3 * sigma) for sigma in self.sigma)


@dataclass(frozen=True)
class Seeds:
    """The tree of components of the seed map, and the parts of the foreground without any.

    All are numbered through the image by their first voxels, the parts after the seeds.
    """

    name: str
    rules: Rules

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return the highest local component of each voxel (``labels``), their tree, and ``parts``."""
        core, connectivity = block.core, self.rules.connectivity
        seen = core.grow(self.rules.reach).clip(source.image)
        prediction, inner = self.rules.read(source, seen), core.within(seen).slices
        values, mask = (
            self.rules.seed_values(prediction, inner),
            self.rules.mask(prediction[(slice(None), *inner)]),
        )
        partial, seeds = self._tree(values, mask, core, source.image)
        if self.rules.keep_unseeded:
            parts, number = label_components(mask, connectivity)
            seeded = np.zeros(number + 1, np.uint8)
            seeded[parts[seeds]] = 1
            partial |= {PARTS: parts, "part-seeded": seeded[1:]}
            partial |= describe(parts, number, core, source.image, "part-")
        return partial

    def _tree(
        self, values: NDArray[np.float32], mask: NDArray[np.bool_], core: Box, image: Box
    ) -> tuple[dict[str, NDArray[Any]], NDArray[np.bool_]]:
        """Return the components of all levels of a core, and where there are any."""
        nodes, before, above = np.zeros(core.shape, np.uint32), 0, mask
        partial: dict[str, NDArray[Any]] = {LABELS: nodes}
        lowest = mask
        below = np.zeros(core.shape, np.uint8)
        for level, threshold in enumerate(self.rules.levels):
            above = above & (values > threshold)
            labels, count = label_components(above, self.rules.connectivity)
            own = describe(labels, count, core, image)
            own["parents"] = below[_within(own["first"], core, image)]
            own["voxels"] = np.bincount(labels[above], minlength=count + 1)[1:]
            partial |= {f"{_prefix(level)}{name}": part for name, part in own.items()}
            np.add(labels, before, out=nodes, where=above, casting="unsafe")
            lowest = lowest if level else above
            before, below = before + count, labels
        return partial, lowest

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return the image-wide ``ids`` of the seeds for all local components, and the blocks' ``offsets``.

        ``part-ids`` and ``part-offsets`` are those of the parts; a part with a seed somewhere has id 0.
        """
        layout, connectivity = source.layout, self.rules.connectivity

        @lru_cache(maxsize=OPEN)  # opened once for all levels
        def partial(position: int) -> Arrays:
            return source.workspace.partial(self.name, layout.blocks[position].id)

        tree = [Level(layout, connectivity, partial, _prefix(i)) for i in range(len(self.rules.levels))]
        parts = Union(layout, connectivity, partial, "part-")
        seeded = [np.zeros(0, np.uint8)]
        for own in partials:
            for level in tree:
                level.take(own)
            if self.rules.keep_unseeded:
                parts.add()
                seeded.append(own.read("part-seeded"))
        ids, offsets = unite(tree, self.rules.seed_voxels)
        table: dict[str, NDArray[Any]] = {"ids": ids, "offsets": offsets}
        if self.rules.keep_unseeded:
            part_ids, table["part-offsets"] = parts.ids()
            table["part-ids"] = _without_seeds(part_ids, np.concatenate(seeded), int(ids.max(initial=0)))
        return table


class Level(Union):
    """The components of one level, with their sizes and where they lie on the level below."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._voxels, self._parents = array("q"), array("q")

    def take(self, own: Arrays) -> None:
        """Take the next block, in the order of the layout, into account."""
        self.add()
        for name, column in (("voxels", self._voxels), ("parents", self._parents)):
            column.frombytes(own.read(f"{self._prefix}{name}").astype("q").tobytes())

    @property
    def voxels(self) -> NDArray[np.int64]:
        """The voxels of every local component."""
        return np.array(self._voxels, np.int64)

    @property
    def parents(self) -> NDArray[np.int64]:
        """The local component of the level below that holds each local component, from 1 in every block."""
        return np.array(self._parents, np.int64)


def unite(tree: Sequence[Level], least: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the seed of every local component, 0 for none, and where each block's entries begin.

    The entries of a block are those of its levels, from the lowest.
    """
    numbers, parents, voxels, blocks = [], [], [], []
    below: tuple[NDArray[np.uint32], NDArray[np.int64]] | None = None
    for level in tree:
        ids, offsets = level.ids()
        block = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
        count = int(ids.max(initial=0))
        size, parent = np.zeros(count, np.int64), np.zeros(count, np.int64)
        np.add.at(size, ids - 1, level.voxels)
        if below is not None:
            parent[ids - 1] = below[0][level.parents + below[1][block] - 1] - 1
        numbers.append(ids - 1)
        parents.append(parent)
        voxels.append(size)
        blocks.append(block)
        below = ids, offsets
    seeds = choose_seeds(parents, voxels, least)
    of_local = np.concatenate([own[number] for own, number in zip(seeds, numbers, strict=True)])
    by_block = np.concatenate(blocks)
    amount = np.bincount(by_block, minlength=offsets.size - 1)
    return of_local[np.argsort(by_block, kind="stable")], np.concatenate([[0], np.cumsum(amount)])


def choose_seeds(
    parents: Sequence[NDArray[np.int64]], voxels: Sequence[NDArray[np.int64]], least: int
) -> list[NDArray[np.uint32]]:
    """Choose the seeds of a tree of components.

    Parameters
    ----------
    parents : sequence of ndarray of int64
        For every level, from the lowest, the position of each component's parent on the level below; what
        the lowest says is not read.
    voxels : sequence of ndarray of int64
        The size of each component.
    least : int
        Smaller pieces do not count, but every component of the lowest level makes a seed.

    Returns
    -------
    list of ndarray of uint32
        For each component the seed that it is, or is a part of, from 1; 0 where it is none.
    """
    pieces = [np.zeros(size.size, np.int64) for size in voxels]
    for level in reversed(range(len(voxels))):
        pieces[level] = np.maximum(pieces[level], 1)
        if level:
            counts = voxels[level] >= least
            np.add.at(pieces[level - 1], parents[level][counts], pieces[level][counts])
    seeds: list[NDArray[np.uint32]] = []
    taken = 0
    for level, size in enumerate(voxels):
        inherited = seeds[-1][parents[level]] if level else np.zeros(size.size, np.uint32)
        own = (inherited == 0) & (pieces[level] == 1) & ((size >= least) | (level == 0))
        seeds.append(np.where(own, np.cumsum(own) + taken, inherited).astype(np.uint32))
        taken += int(own.sum())
    return seeds


def _within(voxels: NDArray[np.int64], core: Box, image: Box) -> tuple[NDArray[np.int64], ...]:
    """Return raster indices of an image as an index of a core."""
    places = np.unravel_index(voxels, image.shape)
    return tuple(place - start for place, start in zip(places, core.start, strict=True))


def _prefix(level: int) -> str:
    return f"level-{level}-"


def _without_seeds(ids: NDArray[np.uint32], seeded: NDArray[np.uint8], taken: int) -> NDArray[np.uint32]:
    """Return the ids of parts, after those `taken` by seeds; 0 where any block found a seed in the part."""
    has_seed = np.zeros(int(ids.max(initial=0)) + 1, bool)
    has_seed[ids[seeded > 0]] = True
    return np.where(has_seed[ids], 0, ids + np.uint32(taken)).astype(np.uint32)
