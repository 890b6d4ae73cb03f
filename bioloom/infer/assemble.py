"""The prediction of one image, put together from chunk files: in one job, or in one per block."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.geometry.grid import BlockRow, ChunkRow, PatchGrid
from bioloom.infer.chunks import check_chunks
from bioloom.infer.stitch import stitch_block
from bioloom.train.spec import ModelSpec
from bioloom.volumes.atomic import atomic_path, remove, write_text
from bioloom.volumes.bundle import open_bundle
from bioloom.volumes.manifest import Entry
from bioloom.volumes.metadata import calibration_of
from bioloom.volumes.pyramid import write_pyramid
from bioloom.volumes.shared import Mark, SharedStore
from bioloom.volumes.store import Volume, create_volume, open_volume


class Sums:
    """The chunk files of a pack.

    Parameters
    ----------
    folder : Path
        Where they lie, ``{chunk}.zarr.zip``.
    weights : str
        Digest of the weights that must have made them.
    """

    def __init__(self, folder: Path, weights: str) -> None:
        self.folder = folder
        self.weights = weights

    def read(self, row: ChunkRow, box: Box) -> NDArray[np.int32]:
        """Return part of the sums of a row, ``(target, *box.shape)``; `box` counts from the row's corner.

        Raises
        ------
        BioLoomError
            If the file is damaged (it is then put aside as ``.bad``, and made again by the next run) or
            comes from another model.
        """
        path = self.folder / f"{row.chunk}.zarr.zip"
        bad = path.with_suffix(".bad")
        if not path.exists() and bad.exists():  # put aside by an earlier attempt, or for another block
            raise BioLoomError(
                f"{path} was damaged and is renamed to {bad.name}", fix="run the same command again"
            )
        try:
            with open_bundle(path) as bundle:
                if bundle.facts["weights"] != self.weights:
                    raise BioLoomError(f"{path} was predicted by another model")
                return bundle.read(row.image, (slice(None), *box.slices))
        except BioLoomError as error:
            if path.is_file():
                path.rename(bad)
                raise BioLoomError(f"{error}; it was renamed", fix="run the same command again") from error
            raise


@dataclass(frozen=True)
class Stitching:
    """Everything that the prediction of one image is made from.

    Parameters
    ----------
    entry : Entry
        The image.
    grid : PatchGrid
        Its patches.
    rows : sequence of ChunkRow
        All rows of the image.
    sums : Sums
        The chunk files.
    spec : ModelSpec
        The model that made them.
    """

    entry: Entry
    grid: PatchGrid
    rows: Sequence[ChunkRow]
    sums: Sums
    spec: ModelSpec

    def create(self, path: Path, block: tuple[int, ...]) -> Volume:
        """Create the empty store of the prediction, in which every aligned `block` owns whole shards."""
        image = open_volume(self.entry.path)
        names = [channel["name"] for channel in self.spec.channels]
        shape = (len(names), *image.spatial)
        return create_volume(
            path,
            shape,
            np.float32,
            spacing=image.spacing,
            kind="prediction",
            channel_names=names,
            facts=calibration_of(image.facts),
            block=block,
        )

    def block(self, core: Box) -> NDArray[np.float32]:
        r"""Return the prediction of one block, ``(target, *core.shape)``."""
        return stitch_block(core, self.grid, self.rows, self.sums.read, len(self.spec.channels))


def open_stitching(
    entry: Entry,
    patches: tuple[tuple[int, ...], tuple[int, ...]],
    rows: Sequence[ChunkRow],
    sums: Sums,
    spec: ModelSpec,
) -> Stitching:
    """Return what the prediction of one image is made from; `patches` are their size and overlap.

    Raises
    ------
    BioLoomError
        If the chunks in `rows` were planned for other patches.
    """
    grid = PatchGrid.of(entry.shape[1:], *patches)
    own = [row for row in rows if row.image == entry.image]
    check_chunks(entry.image, grid, own, complete=True)
    return Stitching(entry, grid, own, sums, spec)


def stitch_image(work: Stitching, rows: Sequence[BlockRow], output: Path) -> Entry:
    """Write the prediction of one image, block by block, and return its line of the manifest.

    Parameters
    ----------
    work : Stitching
        The image and its chunks.
    rows : sequence of BlockRow
        The blocks, which cover the image, the first one the largest.
    output : Path
        The store to make.
    """
    with atomic_path(output) as working:
        volume = work.create(working, rows[0].core.shape)
        for row in rows:
            for box in volume.shards(row.core):
                volume.write(box, work.block(box))
        write_pyramid(volume)
    return open_volume(output).entry(work.entry.image)


def create_shared(works: Iterable[tuple[Stitching, Sequence[BlockRow]]], folder: Path) -> None:
    """Create the stores that the jobs of a pack fill; `folder` keeps what they share.

    Their names are written last, to ``store.json``: every store has another one, so that the jobs of its
    blocks run again when the store is made anew.
    """
    names = {}
    for work, rows in works:
        image = work.entry.image
        store = SharedStore.create(folder / image, partial(work.create, block=rows[0].core.shape))
        names[image] = store.name
    write_text(folder / "store.json", json.dumps(names) + "\n")


def stitch_shared(work: Stitching, row: BlockRow, folder: Path) -> None:
    """Stitch one block into the store in `folder`, and write its mark there: ``{block}.json``."""
    mark = _shared(folder, row.image).fill(row.core, work.block)
    write_text(folder / f"{row.block}.json", json.dumps(mark) + "\n")


def finish_shared(work: Stitching, rows: Sequence[BlockRow], folder: Path, output: Path) -> Entry:
    """Complete the store in `folder`, move it to `output` and return its line of the manifest."""
    marks = (_read_json(folder / f"{row.block}.json", "store", "shards") for row in rows)
    store = _shared(folder, work.entry.image)
    store.complete((Mark(store=m["store"], shards=m["shards"]) for m in marks), output)
    remove(store.folder)
    return open_volume(output).entry(work.entry.image)


def _shared(folder: Path, image: str) -> SharedStore:
    return SharedStore(folder / image, _read_json(folder / "store.json", image)[image])


def _read_json(path: Path, *keys: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {key: found[key] for key in keys}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BioLoomError(
            f"{path} is missing or damaged ({error})", fix="delete it and run the same command again"
        ) from error
