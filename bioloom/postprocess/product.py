"""The outputs of a pack: the passes over each image, in one job or in many, into a finished store.

While passes run, labels grow in a working store; `finish` completes it and moves it to its place, so that an
earlier output stays whole until its successor is ready.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.geometry.grid import BlockRow
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import Pass, Run
from bioloom.postprocess.program import compile_passes
from bioloom.postprocess.workspace import FileWorkspace, MemoryWorkspace, Workspace
from bioloom.volumes.atomic import atomic_path, remove, replace
from bioloom.volumes.manifest import Entry
from bioloom.volumes.pyramid import write_pyramid
from bioloom.volumes.store import Volume, create_volume, open_volume


@dataclass(frozen=True)
class Recipe:
    """How predictions become labels.

    Parameters
    ----------
    operations : sequence
        Options of the operations, in order.
    thresholds : dict of str to float
        The calibration.
    defaults : dict of str to int
        What stands for ``auto`` in the operations.
    halo : int
        Voxels that a block sees around itself, to begin with.
    """

    operations: Sequence[Any]
    thresholds: dict[str, float]
    defaults: dict[str, int]
    halo: int

    def passes(self, prediction: Volume) -> list[Pass]:
        """Return the passes for one prediction."""
        return compile_passes(
            self.operations,
            channels=prediction.channel_names,
            spacing=prediction.spacing,
            thresholds=self.thresholds,
            defaults=self.defaults,
        )


def process_image(
    prediction: Path, image: str, rows: Sequence[BlockRow], recipe: Recipe, output: Path
) -> Entry:
    """Run all passes over one image in this process and write its output store.

    Raises
    ------
    BioLoomError
        If the blocks do not cover the prediction: they were planned for another image.
    """
    volume = open_volume(prediction)
    whole = Box.of(volume.spatial)
    if sum(row.core.size for row in rows) != whole.size or not all(whole.contains(r.core) for r in rows):
        raise BioLoomError(
            f"the blocks of image '{image}' do not cover its {' x '.join(map(str, whole.shape))} voxels",
            fix="run `bioloom plan` again for this pack",
        )
    with atomic_path(output) as working:
        create_labels(volume, rows, working)
        with _workspace(working, len(rows)) as workspace:
            _run(volume, rows, recipe, workspace, working).run()
        write_pyramid(open_volume(working))
    return open_volume(output).entry(image)


def process_block(
    prediction: Path, rows: Sequence[BlockRow], recipe: Recipe, folder: Path, name: str, block: str
) -> None:
    """Map one block in the pass called `name`; `folder` keeps what the jobs of the image share."""
    run = _run(open_volume(prediction), rows, recipe, FileWorkspace(folder), working_store(folder))
    run.run_block(_index(run, name), block)


def merge_pass(prediction: Path, rows: Sequence[BlockRow], recipe: Recipe, folder: Path, name: str) -> None:
    """Reduce the pass called `name`; before the last pass, make the store that its blocks fill."""
    volume = open_volume(prediction)
    run = _run(volume, rows, recipe, FileWorkspace(folder), working_store(folder))
    index = _index(run, name)
    if index == len(run.passes) - 2:
        create_labels(volume, rows, working_store(folder))
    run.run_merge(index)


def finish_image(image: str, folder: Path, output: Path) -> Entry:
    """Complete the store that the last pass filled and move it to its place.

    A job that was killed after the move finds no store to move: what it needs is in place already.
    """
    working = working_store(folder)
    if working.exists():
        write_pyramid(open_volume(working))
        replace(working, output)
    return open_volume(output).entry(image)


def create_labels(prediction: Volume, rows: Sequence[BlockRow], path: Path) -> Volume:
    """Create the empty label store of a prediction, in which every block owns whole shards."""
    return create_volume(
        path,
        (1, *prediction.spatial),
        np.uint32,
        spacing=prediction.spacing,
        kind="labels",
        block=rows[0].core.shape,  # the first block is the largest
    )


def working_store(folder: Path) -> Path:
    """Return where labels grow while many jobs work on them."""
    return folder / "labels.zarr"


@contextmanager
def _workspace(working: Path, blocks: int) -> Iterator[Workspace]:
    """Yield what keeps the passes of one job: memory for one block, files for many, so that it is bounded."""
    if blocks == 1:
        yield MemoryWorkspace()
        return
    folder = working.with_name(f"{working.name}.passes")  # a temporary name, which outlives no kill for long
    try:
        yield FileWorkspace(folder)
    finally:
        remove(folder)


def _run(volume: Volume, rows: Sequence[BlockRow], recipe: Recipe, workspace: Workspace, labels: Path) -> Run:
    layout = Layout.of(volume.spatial, [(row.block, row.core) for row in rows], recipe.halo)

    def keep(core: Box, values: NDArray[np.uint32]) -> None:
        open_volume(labels).write(core, values[np.newaxis])

    return Run(recipe.passes(volume), volume, layout, workspace, keep)


def _index(run: Run, name: str) -> int:
    return [step.name for step in run.passes].index(name)
