"""The outputs of a pack: the passes over each image, in one job or in many, into a finished store.

While passes run, labels grow in a working store; `finish` completes it and moves it to its place, so that an
earlier output stays whole until its successor is ready.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.geometry.grid import BlockRow
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import Final, Pass, Run, Sink
from bioloom.postprocess.points import PointPass
from bioloom.postprocess.program import compile_passes
from bioloom.postprocess.workspace import FileWorkspace, MemoryWorkspace, Workspace, put_tables
from bioloom.volumes.atomic import atomic_path, remove
from bioloom.volumes.manifest import Entry, digest_folder
from bioloom.volumes.metadata import calibration_of
from bioloom.volumes.plans import rows_of_image
from bioloom.volumes.points import SUFFIX, write_points
from bioloom.volumes.pyramid import write_pyramid
from bioloom.volumes.shared import SharedStore
from bioloom.volumes.store import Volume, create_volume, open_volume

MARK, STORE = "mark", "store"


@dataclass(frozen=True)
class Recipe:
    """How predictions become labels.

    Parameters
    ----------
    operations : sequence
        Options of the operations, in order.
    thresholds : dict of str to float
        The calibration.
    defaults : dict of str to float
        What stands for ``auto`` in the operations.
    halo : int
        Voxels that a block sees around itself, to begin with.
    product : str
        What they become, see `bioloom.postprocess.program.FINISHING`.
    learned_axes : int
        Spatial axes of the images that the network learned from; 0 for those of the prediction.
    """

    operations: Sequence[Any]
    thresholds: dict[str, float]
    defaults: dict[str, float]
    halo: int
    product: str = "labels"
    learned_axes: int = 0

    def passes(self, prediction: Volume) -> list[Pass]:
        """Return the passes for one prediction."""
        return compile_passes(
            self.operations,
            channels=prediction.channel_names,
            spacing=prediction.spacing,
            thresholds=self.thresholds,
            defaults=self.defaults,
            learned_axes=self.learned_axes,
            product=self.product,
        )


def process_image(
    prediction: Path, image: str, rows: Sequence[BlockRow], recipe: Recipe, output: Path
) -> Entry:
    """Run all passes over one image in this process and write its output: a store, or a table of points.

    Raises
    ------
    BioLoomError
        If the blocks do not cover the prediction: they were planned for another image.
    """
    volume = open_volume(prediction)
    rows = rows_of_image(rows, image, volume.spatial)
    final = recipe.passes(volume)[-1]
    if isinstance(final, PointPass):
        output.parent.mkdir(parents=True, exist_ok=True)
        with _workspace(output, image, len(rows)) as workspace:
            _run(volume, rows, recipe, workspace).run()
            return _write_points(output, final, workspace, image)
    final = cast("Final", final)
    with atomic_path(output) as working:
        labels = create_output(volume, final, rows, working)
        with _workspace(working, image, len(rows)) as workspace:
            _run(volume, rows, recipe, workspace, lambda core, values: _write(labels, core, values)).run()
        write_pyramid(labels)
    return open_volume(output).entry(image)


def process_block(
    entry: Entry, rows: Sequence[BlockRow], recipe: Recipe, folder: Path, name: str, block: str
) -> None:
    """Map one block in the pass called `name`.

    Parameters
    ----------
    entry : Entry
        The prediction.
    rows : sequence of BlockRow
        The blocks of the pack.
    recipe : Recipe
        How it becomes labels.
    folder : Path
        Keeps what the jobs of the pack share.
    name, block : str
        Which pass, and which block of this image.
    """

    def keep(core: Box, values: NDArray[np.unsignedinteger]) -> dict[str, NDArray[np.uint8]]:
        def part(box: Box) -> NDArray[np.unsignedinteger]:
            return values[np.newaxis, *box.within(core).slices]

        return {MARK: _packed(_shared(run, folder, entry.image).fill(core, part))}

    run = _run_in(folder, entry, rows, recipe, keep)
    run.run_block(_index(run, name), block)


def merge_pass(
    entries: Sequence[Entry], rows: Sequence[BlockRow], recipe: Recipe, folder: Path, name: str
) -> None:
    """Reduce the pass called `name` of every image of a pack; see `process_block`.

    Before the last pass, the stores are made that its blocks fill. The tables then hold their names: every
    store has another one, so that the jobs of its blocks run again when the store is made anew.
    """
    tables = {}
    for entry in entries:
        run = _run_in(folder, entry, rows, recipe)
        index = _index(run, name)
        tables[entry.image] = run.merged(index)
        if index == len(run.passes) - 2:
            own, volume = rows_of_image(rows, entry.image, entry.shape[1:]), open_volume(entry.path)
            final = cast("Final", run.passes[-1])
            store = SharedStore.create(folder / entry.image, partial(create_output, volume, final, own))
            tables[entry.image][STORE] = _packed(store.name)
    put_tables(folder, name, tables)


def finish_image(entry: Entry, rows: Sequence[BlockRow], recipe: Recipe, folder: Path, output: Path) -> Entry:
    """Complete the store that the last pass filled, move it to `output`, return its line of the manifest.

    Points are written from the table of the last pass.
    """
    run = _run_in(folder, entry, rows, recipe)
    last = run.passes[-1]
    if isinstance(last, PointPass):
        return _write_points(output, last, run.workspace, entry.image)
    marks = (_unpacked(run.workspace.partial(last.name, block.id).read(MARK)) for block in run.layout.blocks)
    _shared(run, folder, entry.image).complete(marks, output)
    remove(folder / entry.image)
    return open_volume(output).entry(entry.image)


def output_path(manifest: Path, image: str, product: str) -> Path:
    """Return where the output of an image lies: beside the manifest, a table of points in ``points/``."""
    if product == "points":
        return manifest.parent.with_name("points") / f"{image}{SUFFIX}"
    return manifest.parent / f"{image}.zarr"


def _write_points(output: Path, final: PointPass, workspace: Workspace, image: str) -> Entry:
    points = final.points(workspace.table(final.name))
    output.parent.mkdir(parents=True, exist_ok=True)
    write_points(output, points)
    return Entry(image, output, points.places.shape, str(points.places.dtype), digest_folder(output))


def create_output(prediction: Volume, final: Final, rows: Sequence[BlockRow], path: Path) -> Volume:
    """Create the empty store for what the last pass makes, in which every block owns whole shards."""
    return create_volume(
        path,
        (1, *prediction.spatial),
        final.dtype,
        spacing=prediction.spacing,
        kind="labels",
        facts=final.facts | calibration_of(prediction.facts),
        block=rows[0].core.shape,  # the first block is the largest
    )


@contextmanager
def _workspace(working: Path, image: str, blocks: int) -> Iterator[Workspace]:
    """Yield what keeps the passes of one job: memory for one block, files for many, so that it is bounded."""
    if blocks == 1:
        yield MemoryWorkspace()
        return
    folder = working.with_name(f"{working.name}.passes")  # a temporary name, which outlives no kill for long
    try:
        yield FileWorkspace(folder, image)
    finally:
        remove(folder)


def _run(
    volume: Volume,
    rows: Sequence[BlockRow],
    recipe: Recipe,
    workspace: Workspace,
    sink: Sink = lambda core, values: {},
) -> Run:
    layout = Layout(volume.spatial, [(row.block, row.core) for row in rows], recipe.halo)
    return Run(recipe.passes(volume), volume, layout, workspace, sink)


def _run_in(
    folder: Path,
    entry: Entry,
    rows: Sequence[BlockRow],
    recipe: Recipe,
    sink: Sink = lambda core, values: {},
) -> Run:
    own = rows_of_image(rows, entry.image, entry.shape[1:])
    return _run(open_volume(entry.path), own, recipe, FileWorkspace(folder, entry.image), sink)


def _write(labels: Volume, core: Box, values: NDArray[np.unsignedinteger]) -> dict[str, NDArray[Any]]:
    labels.write(core, values[np.newaxis])
    return {}


def _shared(run: Run, folder: Path, image: str) -> SharedStore:
    return SharedStore(folder / image, _unpacked(run.workspace.table(run.passes[-2].name).read(STORE)))


def _packed(value: object) -> NDArray[np.uint8]:
    """Return JSON as the bytes of an array, to stand among arrays."""
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def _unpacked(array: NDArray[np.uint8]) -> Any:
    return json.loads(array.tobytes())


def _index(run: Run, name: str) -> int:
    return [step.name for step in run.passes].index(name)
