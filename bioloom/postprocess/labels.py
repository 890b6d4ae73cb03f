"""Passes that make labels: sizes and first voxels per block, then one numbering of the whole image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import fastremap
import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.passes import LABELS, Source
from bioloom.postprocess.workspace import Arrays

Filter = Callable[[NDArray[np.int64]], NDArray[np.bool_]]
"""Says from the sizes of all objects, in voxels, which ones stay."""


@dataclass(frozen=True)
class LabelPass(ABC):
    """A pass whose map makes labels of the core under ids that hold in the whole image.

    Its table holds ``lookup`` (the final number of every id, 0 for objects that a filter dropped) and
    ``voxels`` (the size of object 1, 2, ...). Later passes see the labels through the lookup, so an
    operation that only drops objects is a filter and costs no pass.

    Parameters
    ----------
    name : str
        The name of the pass.
    filters : tuple of callable
        Which objects stay: each sees those that the ones before it left.
    """

    name: str
    filters: tuple[Filter, ...] = ()

    @abstractmethod
    def label(self, block: Block, source: Source) -> tuple[NDArray[np.uint32], int]:
        """Return the labels of the core and how often the block had to be redone with a larger halo."""

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return ``labels``, and per id in it ``ids``, ``voxels`` and ``first``; and the count ``redone``."""
        labels, redone = self.label(block, source)
        return {**describe_labels(labels, block.core, source.image), "redone": np.array(redone)}

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return ``lookup``, ``voxels`` and the total of ``redone``."""
        return number_objects(partials, self.filters)


@dataclass(frozen=True)
class Relabel:
    """The last pass: the labels of the core by their final numbers.

    Parameters
    ----------
    name : str
        The name of the pass.
    of : str
        The pass whose labels are final.
    """

    name: str
    of: str

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the labels."""
        return np.dtype(np.uint32)

    @property
    def facts(self) -> dict[str, Any]:
        """Nothing: labels speak for themselves."""
        return {}

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return the final ``labels`` and how many ``voxels`` of the core are part of an object."""
        labels = gather_labels(source, self.of, block.core)
        return {LABELS: labels, "voxels": np.array(np.count_nonzero(labels))}

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return the number of ``objects`` and of ``voxels`` in them."""
        voxels = sum(int(partial.read("voxels")) for partial in partials)
        objects = source.workspace.table(self.of).read("voxels").size
        return {"objects": np.array(objects), "voxels": np.array(voxels)}


def gather_labels(source: Source, name: str, box: Box) -> NDArray[np.uint32]:
    """Return the labels that label pass `name` gave to the voxels of `box`, by their final numbers there."""
    lookup = source.workspace.table(name).read("lookup")
    return source.gather(box, name, {LABELS: lambda position: lookup})


def describe_labels(labels: NDArray[np.uint32], core: Box, image: Box) -> dict[str, NDArray[Any]]:
    """Return the labels of a core with the ``ids`` in it, their ``voxels`` and their ``first`` voxels."""
    compact, mapping = fastremap.renumber(labels, in_place=False)
    pairs = sorted((new, old) for old, new in mapping.items() if old)
    count = len(pairs)
    return {
        LABELS: labels,
        "ids": np.array([old for _, old in pairs], np.uint32),
        "voxels": np.bincount(compact.ravel(), minlength=count + 1)[1:].astype(np.int64),
        "first": first_voxels(compact, count, core, image),
    }


def first_voxels(labels: NDArray[Any], count: int, core: Box, image: Box) -> NDArray[np.int64]:
    """Return for labels 1 to `count` of a core the smallest raster index in the whole image."""
    flat = labels.ravel()
    inside = np.flatnonzero(flat)[::-1]
    first = np.zeros(count + 1, np.int64)
    first[flat[inside]] = inside  # where a label repeats, the last assignment holds: its smallest index
    local = np.unravel_index(first[1:], core.shape)
    return np.ravel_multi_index(
        tuple(axis + start for axis, start in zip(local, core.start, strict=True)), image.shape
    ).astype(np.int64)


def number_objects(
    partials: Iterable[Arrays],
    filters: tuple[Filter, ...],
    dropped: NDArray[np.integer] | tuple[()] = (),
) -> dict[str, NDArray[Any]]:
    """Add up the pieces of every object, drop what the filters drop, number the rest by first voxel.

    Parameters
    ----------
    partials : iterable of Arrays
        Arrays of :func:`describe_labels`, in any order.
    filters : tuple of callable
        Which objects stay: each sees those that the ones before it left.
    dropped : ndarray of int, optional
        The ids of objects that go before the filters are asked.

    Returns
    -------
    dict
        ``lookup`` (uint32, per id), ``voxels`` (int64, per number from 1) and ``redone`` (int64).
    """
    # not lists of small arrays: one costs more than the few numbers of a block
    columns, redone = {name: array("q") for name in ("ids", "voxels", "first")}, 0
    for partial in partials:
        for name, column in columns.items():
            column.frombytes(partial.read(name).astype("q").tobytes())
        redone += int(partial.read("redone"))
    pieces, where = np.unique(np.array(columns["ids"], np.int64), return_inverse=True)
    voxels = np.zeros(pieces.size, np.int64)
    np.add.at(voxels, where, columns["voxels"])
    first = np.full(pieces.size, np.iinfo(np.int64).max)
    np.minimum.at(first, where, columns["first"])

    order = np.flatnonzero(~np.isin(pieces, dropped))
    for keep in filters:
        order = order[keep(voxels[order])]
    order = order[np.argsort(first[order])]
    lookup = np.zeros(int(pieces[-1]) + 1 if pieces.size else 1, np.uint32)
    lookup[pieces[order]] = np.arange(1, order.size + 1)
    return {"lookup": lookup, "voxels": voxels[order], "redone": np.array(redone)}
