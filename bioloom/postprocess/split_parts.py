"""Makes objects of their own of what has one label in several places."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cc3d
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.errors import BioLoomError
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.components import NEIGHBOURS, Union, describe
from bioloom.postprocess.labels import LabelPass, gather_labels
from bioloom.postprocess.passes import LABELS, Pass, Source
from bioloom.postprocess.program import Setting, last_labels
from bioloom.postprocess.workspace import Arrays
from bioloom.settings.base import Section


class SplitPartsOptions(Section):
    """Gives every connected part of an object a number of its own."""

    name: Literal["split_parts"] = "split_parts"
    connectivity: int = Field(default=1, ge=1, le=3)
    """Voxels are neighbours if they share a face (1), also an edge (2), also a corner (3, in 3D)."""


@dataclass(frozen=True)
class Parts:
    """The connected parts of the labels of pass `of`, numbered through the image."""

    name: str
    of: str
    connectivity: int

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return the local parts as ``labels``, with the label (``own``) and the surface of each."""
        labels = gather_labels(source, self.of, block.core)
        neighbours = NEIGHBOURS[labels.ndim, self.connectivity]
        parts, count = cc3d.connected_components(labels, connectivity=neighbours, return_N=True)
        own = np.zeros(int(count) + 1, np.uint32)
        own[parts] = labels
        return {
            LABELS: parts,
            "own": own[1:],
            **describe(parts, int(count), block.core, source.image),
        }

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return the image-wide ``ids`` of all local parts, and the blocks' ``offsets``."""
        layout = source.layout
        union = _OfOneLabel(
            layout,
            self.connectivity,
            lambda position: source.workspace.partial(self.name, layout.blocks[position].id),
        )
        for own in partials:
            union.take(own)
        ids, offsets = union.ids()
        return {"ids": ids, "offsets": offsets}


class _OfOneLabel(Union):
    """Unites parts only if they have the same label."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._own = array("q")

    def take(self, own: Arrays) -> None:
        """Take the next block, in the order of the layout, into account."""
        self.add()
        self._own.frombytes(own.read("own").astype("q").tobytes())

    def ids(self) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """Return the image-wide id of every local part, and where each block's entries begin."""
        own, pairs = np.array(self._own, np.int64), np.array(self._pairs, np.int64).reshape(-1, 2)
        alike = own[pairs[:, 0] - 1] == own[pairs[:, 1] - 1]
        self._pairs = array("q", pairs[alike].ravel().tobytes())
        return super().ids()


@dataclass(frozen=True, kw_only=True)
class SplitParts(LabelPass):
    """The labels of the core by the ids of their parts."""

    parts: str

    def label(self, block: Block, source: Source) -> tuple[NDArray[np.uint32], int]:
        """Return the parts of the core."""
        table = source.workspace.table(self.parts)
        offsets = table.read("offsets")

        def ids(position: int) -> NDArray[np.uint32]:
            entries = slice(int(offsets[position]), int(offsets[position + 1]))
            return np.concatenate([np.zeros(1, np.uint32), table.read("ids", (entries,))])

        return source.gather(block.core, self.parts, {LABELS: ids}), 0


def split_parts(options: SplitPartsOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the passes with two more that part objects which are in several places.

    Raises
    ------
    BioLoomError
        If there are no labels, or the image is too flat for `connectivity`.
    """
    of = last_labels(passes, options.name).name
    if options.connectivity > len(setting.spacing):
        raise BioLoomError(
            f"postprocess: split_parts has connectivity {options.connectivity} on a 2D image",
            allowed="1 or 2",
        )
    parts = Parts(f"{len(passes)}-parts", of, options.connectivity)
    return [*passes, parts, SplitParts(name=f"{len(passes) + 1}-split_parts", parts=parts.name)]
