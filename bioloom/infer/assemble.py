"""The prediction of one image, put together from the chunk files that touch it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.geometry.grid import ChunkRow, PatchGrid, tiles
from bioloom.infer.stitch import stitch_block
from bioloom.train.spec import ModelSpec
from bioloom.volumes.atomic import atomic_path
from bioloom.volumes.bundle import open_bundle
from bioloom.volumes.layout import aligned_block
from bioloom.volumes.manifest import Entry
from bioloom.volumes.pyramid import write_pyramid
from bioloom.volumes.store import create_volume, open_volume


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
        try:
            with open_bundle(path) as bundle:
                if bundle.facts["weights"] != self.weights:
                    raise BioLoomError(f"{path} was predicted by another model")
                return bundle.read(row.image, (slice(None), *box.slices))
        except BioLoomError as error:
            if path.is_file():
                path.rename(path.with_suffix(".bad"))
                raise BioLoomError(f"{error}; it was renamed", fix="run the same command again") from error
            raise


def stitch_image(
    entry: Entry,
    grid: PatchGrid,
    rows: Sequence[ChunkRow],
    sums: Sums,
    spec: ModelSpec,
    block: tuple[int, ...],
    output: Path,
) -> Entry:
    """Write the prediction of one image, block by block, and return its line of the manifest.

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
    block : tuple of int
        Sides of a block; rounded up to whole shards of the store.
    output : Path
        The store to make.
    """
    image = open_volume(entry.path)
    names = [channel["name"] for channel in spec.channels]
    block = aligned_block(block)
    with atomic_path(output) as working:
        volume = create_volume(
            working,
            (len(names), *image.spatial),
            np.float32,
            spacing=image.spacing,
            kind="prediction",
            channel_names=names,
            block=block,
        )
        for core in tiles(image.spatial, block):
            volume.write(core, stitch_block(core, grid, rows, sums.read, len(names)))
        write_pyramid(volume)
    return open_volume(output).entry(entry.image)
