"""Passes that make class maps: the id of a class for every voxel, in the smallest type that holds all ids."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.passes import LABELS, Source
from bioloom.postprocess.workspace import Arrays


@dataclass(frozen=True)
class ClassPass(ABC):
    """A pass whose map makes the class map of the core.

    Parameters
    ----------
    name : str
        The name of the pass.
    classes : tuple of int
        The ids that may stand in the map, ascending.
    """

    name: str
    classes: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the map."""
        return np.min_scalar_type(max(self.classes))

    @abstractmethod
    def classify(self, block: Block, source: Source) -> NDArray[np.unsignedinteger]:
        """Return the class map of the core, of type `dtype`."""

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return the class map of the core."""
        return {LABELS: self.classify(block, source)}

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return nothing: voxels of other blocks tell nothing about a class map."""
        return {}


@dataclass(frozen=True)
class ClassMap:
    """The last pass of a class map: the core as the pass before it left it.

    Parameters
    ----------
    name : str
        The name of the pass.
    of : ClassPass
        The pass whose class map is final.
    """

    name: str
    of: ClassPass

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the map."""
        return self.of.dtype

    @property
    def facts(self) -> dict[str, Any]:
        """The ids of the classes, also of those that are nowhere in an image."""
        return {"classes": list(self.of.classes)}

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return the class map of the core and the ``voxels`` of every class in it."""
        values = gather_classes(source, self.of, block.core)
        voxels = np.bincount(values.ravel(), minlength=max(self.of.classes) + 1)
        return {LABELS: values, "voxels": voxels[list(self.of.classes)].astype(np.int64)}

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return the ``voxels`` of every class."""
        totals: Sequence[NDArray[np.int64]] = [partial.read("voxels") for partial in partials]
        return {"voxels": np.sum(totals, axis=0)}


def gather_classes(source: Source, of: ClassPass, box: Box) -> NDArray[np.unsignedinteger]:
    """Return the class map that the pass `of` made, in a box inside the image."""
    ids = np.arange(max(of.classes) + 1, dtype=np.uint32)
    return source.gather(box, of.name, {LABELS: lambda position: ids}).astype(of.dtype)
