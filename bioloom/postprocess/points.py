"""Points as the outcome of passes: the table of the pass that made them, as points with named classes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioloom.postprocess.blocks import Block, Layout
from bioloom.postprocess.passes import ArrayReader, Pass, Reader, Run, Source
from bioloom.postprocess.workspace import Arrays, MemoryWorkspace
from bioloom.volumes.points import Points


@dataclass(frozen=True)
class PointPass(ABC):
    """A pass whose table holds points: ``places``, ``scores`` and ``classes`` (numbers).

    Parameters
    ----------
    name : str
        The name of the pass.
    classes : tuple of str
        What the numbers mean, empty names for no class.
    """

    name: str
    classes: tuple[str, ...]

    @abstractmethod
    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return the candidates of one block."""

    @abstractmethod
    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return ``places``, ``scores`` and ``classes`` of the points of the image."""

    def points(self, table: Arrays | Mapping[str, NDArray[Any]]) -> Points:
        """Return the points of the table of this pass, places to a thousandth of a voxel."""
        places, scores, classes = (
            table[name] if isinstance(table, Mapping) else table.read(name)
            for name in ("places", "scores", "classes")
        )
        names = np.array(self.classes, object)[classes]
        return Points(np.round(places, 3) + 0.0, names, np.round(scores, 6))


def run_points(prediction: NDArray[Any] | Reader, passes: Sequence[Pass], layout: Layout) -> Points:
    r"""Run all passes, the last of which is a `PointPass`, in this process and return the points.

    Parameters
    ----------
    prediction : ndarray of float, shape (channel, \*spatial), or Reader
        The prediction of one image.
    passes : sequence of Pass
        As :func:`bioloom.postprocess.program.compile_passes` returns them.
    layout : Layout
        The blocks, one or many.
    """
    last = passes[-1]
    if not isinstance(last, PointPass):
        raise TypeError(f"the last pass is {last.name}, which makes no points")
    reader = ArrayReader(prediction) if isinstance(prediction, np.ndarray) else prediction
    workspace = MemoryWorkspace()
    Run(passes, reader, layout, workspace, lambda core, values: {}).run()
    return last.points(workspace.table(last.name))
