"""What a pass is, and how passes run over the blocks of an image, in one process or in many.

::

    block 0 --map--> partial 0 --+
    block 1 --map--> partial 1 --+--reduce--> table --> the maps of the next pass,
    block 2 --map--> partial 2 --+                      which may read any partial and table before them

A map sees the prediction wherever it likes but answers for its own core only; a reduce sees small arrays
of all partials, one after the other. Nothing that a pass keeps depends on how the image was cut, except
which block holds it, so the last labels are the same for every block size, bit by bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Block, Layout
from bioloom.postprocess.workspace import Arrays, MemoryWorkspace, Workspace
from bioloom.usage import give_back

LABELS = "labels"


class Reader(Protocol):
    """A prediction that is read box by box: a ``Volume``, or an :class:`ArrayReader`."""

    def read(self, box: Box) -> NDArray[Any]:
        r"""Return the voxels of a box inside the image, ``(channel, *box.shape)``."""
        ...


@dataclass(frozen=True)
class ArrayReader:
    r"""A prediction in memory, ``(channel, *spatial)``."""

    array: NDArray[Any]

    def read(self, box: Box) -> NDArray[Any]:
        """Return a view of the voxels of a box inside the image."""
        return self.array[(slice(None), *box.slices)]


@dataclass(frozen=True)
class Source:
    """What a pass may read: the prediction, and everything that earlier passes kept.

    Parameters
    ----------
    prediction : Reader
        The prediction of the image.
    layout : Layout
        The blocks of the image.
    workspace : Workspace
        Partials and tables.
    """

    prediction: Reader
    layout: Layout
    workspace: Workspace

    @property
    def image(self) -> Box:
        """The whole image."""
        return self.layout.image

    def gather(
        self, box: Box, name: str, lookups: Mapping[str, Callable[[int], NDArray[Any]]]
    ) -> NDArray[np.uint32]:
        """Put the labels of a box together from the partials of every block it touches.

        Parameters
        ----------
        box : Box
            A box inside the image.
        name : str
            The pass whose partials hold the labels.
        lookups : mapping of str to callable
            What the labels are called there, and what gives, for the position of a block, the image-wide id
            of each of its labels (entry 0 is 0). Where several arrays have labels, they never overlap.

        Returns
        -------
        ndarray of uint32, shape box.shape
        """
        labels = np.zeros(box.shape, np.uint32)
        for position in self.layout.touching(box):
            block = self.layout.blocks[position]
            common = block.core.clip(box)
            partial = self.workspace.partial(name, block.id)
            for array, lookup in lookups.items():
                part = partial.read(array, common.within(block.core).slices)
                labels[common.within(box).slices] |= np.take(lookup(position), part)
        return labels


class Pass(Protocol):
    """One round over all blocks."""

    @property
    def name(self) -> str:
        """The name of its folder, unique in the list of passes."""
        ...

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return the partial of one block, which must not depend on other blocks of this pass."""
        ...

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return the table of all partials, which come in the order of the layout's blocks."""
        ...


class Final(Pass, Protocol):
    """The last pass of a product that is an image: its map returns the voxels of the core as `LABELS`."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the voxels."""
        ...

    @property
    def facts(self) -> dict[str, Any]:
        """What the store of the output notes, JSON."""
        ...


Sink = Callable[[Box, NDArray[np.unsignedinteger]], Mapping[str, NDArray[Any]]]
"""Takes the final voxels of a core, once per block; what it returns is kept in the block's partial."""


@dataclass(frozen=True)
class Run:
    """Passes over one image: the two rules, or the loop of :func:`run_in_memory`, call its methods.

    Parameters
    ----------
    passes : sequence of Pass
        As :func:`bioloom.postprocess.program.compile_passes` returns them; the last one makes the product.
    prediction, layout, workspace
        See :class:`Source`.
    sink : callable
        Takes the voxels of the last pass.
    """

    passes: Sequence[Pass]
    prediction: Reader
    layout: Layout
    workspace: Workspace
    sink: Sink
    source: Source = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", Source(self.prediction, self.layout, self.workspace))

    def run_block(self, index: int, block: str) -> None:
        """Map one block in pass number `index`; the last pass gives its voxels, if any, to the sink."""
        step, where = self.passes[index], self.layout.block(block)
        partial = step.map(where, self.source)
        if step is self.passes[-1] and LABELS in partial:
            partial |= self.sink(where.core, partial.pop(LABELS))
        self.workspace.put_partial(step.name, block, partial)

    def merged(self, index: int) -> dict[str, NDArray[Any]]:
        """Reduce all partials of pass number `index`, and return its table."""
        step = self.passes[index]
        partials = (self.workspace.partial(step.name, block.id) for block in self.layout.blocks)
        return step.reduce(partials, self.source)

    def run(self) -> None:
        """Run every pass over every block, here and now."""
        for index in range(len(self.passes)):
            for block in self.layout.blocks:
                self.run_block(index, block.id)
                give_back()
            self.workspace.put_table(self.passes[index].name, self.merged(index))


def run_in_memory(prediction: NDArray[Any] | Reader, passes: Sequence[Pass], layout: Layout) -> NDArray[Any]:
    r"""Run all passes, the last of which is `Final`, in this process and return the voxels of the product.

    Parameters
    ----------
    prediction : ndarray of float, shape (channel, \*spatial), or Reader
        The prediction of one image.
    passes : sequence of Pass
        As :func:`bioloom.postprocess.program.compile_passes` returns them.
    layout : Layout
        The blocks, one or many.

    Returns
    -------
    ndarray of unsigned int, shape (\*spatial)
        0 for background; objects 1 to n in raster order of their first voxels, or ids of classes.
    """
    reader = ArrayReader(prediction) if isinstance(prediction, np.ndarray) else prediction
    labels = np.zeros(layout.image.shape, cast("Final", passes[-1]).dtype)

    def keep(core: Box, values: NDArray[np.unsignedinteger]) -> dict[str, NDArray[Any]]:
        labels[core.slices] = values
        return {}

    Run(passes, reader, layout, MemoryWorkspace(), keep).run()
    return labels
