"""Passes that drop objects by what is known of them only when all blocks have been seen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioloom.postprocess.blocks import Block
from bioloom.postprocess.labels import LabelPass, gather_labels, number_objects
from bioloom.postprocess.passes import LABELS, Source
from bioloom.postprocess.workspace import Arrays


@dataclass(frozen=True, kw_only=True)
class DropPass(LabelPass):
    """Keeps the labels of pass `of`, except those of objects that go."""

    of: str

    def label(self, block: Block, source: Source) -> tuple[NDArray[np.uint32], int]:
        """Return the labels of the core as they are."""
        return gather_labels(source, self.of, block.core), 0

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return what a label pass returns, and what :meth:`describe` says."""
        partial = super().map(block, source)
        return partial | self.describe(partial[LABELS], block, source)

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return the table of a label pass, without the objects of :meth:`dropped`."""
        blocks = source.layout.blocks
        again = (source.workspace.partial(self.name, block.id) for block in blocks)
        return number_objects(partials, self.filters, self.dropped(again, source))

    @abstractmethod
    def describe(self, labels: NDArray[np.uint32], block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return small arrays about the objects of a core, by names that no label pass uses."""

    @abstractmethod
    def dropped(self, partials: Iterator[Arrays], source: Source) -> NDArray[np.integer]:
        """Return the labels that go."""
