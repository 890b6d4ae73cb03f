"""Where training and validation patches lie: the table, and a draw from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.geometry.grid import PatchGrid, indices
from bioloom.volumes.manifest import Entry
from bioloom.volumes.tables import Schema

PATCHES = Schema(
    "patch table",
    {
        "image": "text",
        "start-0": "integer",
        "start-1": "integer",
        "objects": "integer",
        "foreground": "number",
    },
    {"start-2": "integer"},
)
"""Columns of ``patches/{train,val}.csv``."""


def patch_table(
    images: Iterable[Entry],
    objects: pd.DataFrame,
    size: tuple[int, ...],
) -> pd.DataFrame:
    """List the patches of the regular grid of every image.

    Parameters
    ----------
    images : iterable of Entry
        The images, from their manifest.
    objects : DataFrame
        Object table of their labels with ``image``, ``voxels`` and the boxes ``bbox-...``; may be empty.
    size : tuple of int
        Sides of a patch in voxels; neighbours share a quarter. The last patch of an axis is shifted inward;
        an image shorter than a patch has one patch at 0.

    Returns
    -------
    DataFrame
        A row per patch in raster order: ``image``, ``start-0`` ... (first voxel), ``objects`` (how many have
        a box that meets the patch) and ``foreground`` (share of the patch that they fill, estimated as if
        every object filled its box evenly).
    """
    ndim = len(size)
    names = [f"start-{axis}" for axis in range(ndim)]
    of_image = dict(iter(objects.groupby("image"))) if len(objects) else {}
    tables = []
    for entry in images:
        grid = PatchGrid(entry.shape[1:], size, tuple(side // 4 for side in size))
        patches = list(indices(Box.of(grid.counts)))
        table = pd.DataFrame([grid.patch(index).start for index in patches], columns=names)
        count, share = _touching(grid, of_image.get(entry.image, objects.iloc[:0]))
        table.insert(0, "image", entry.image)
        table["objects"], table["foreground"] = count.ravel(), share.ravel()
        tables.append(table)
    columns = ["image", *names, "objects", "foreground"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def _touching(grid: PatchGrid, objects: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for every patch the number of objects and the estimated foreground, shape ``grid.counts``."""
    ndim = len(grid.size)
    count = np.zeros(grid.counts, np.int64)
    voxels = np.zeros(grid.counts)
    if len(objects) == 0:
        return count, voxels
    boxes = objects[[f"bbox-{i}" for i in range(2 * ndim)]].to_numpy(np.int64)
    for box, filled in zip(boxes, objects["voxels"], strict=True):
        low, high = box[:ndim], box[ndim:]
        common = [_overlap(*line) for line in zip(grid.starts, grid.size, low, high, strict=True)]
        met = np.ix_(*(np.flatnonzero(c) for c in common))
        shared = common[0]
        for line in common[1:]:
            shared = np.multiply.outer(shared, line)
        count[met] += 1
        voxels[met] += shared[met] * (filled / np.prod(high - low))
    return count, voxels / np.prod(grid.size)


def _overlap(starts: Sequence[int], size: int, low: int, high: int) -> NDArray[np.int64]:
    first = np.asarray(starts)
    return np.maximum(np.minimum(first + size, high) - np.maximum(first, low), 0)


class PatchRows:
    """The rows of a patch table, ready to be drawn from.

    Parameters
    ----------
    table : DataFrame
        What `patch_table` made.
    size : tuple of int
        Sides of a patch in voxels.
    """

    def __init__(self, table: pd.DataFrame, size: tuple[int, ...]) -> None:
        self.size = size
        self.images = table["image"].astype(str).tolist()
        self.starts = table[[f"start-{axis}" for axis in range(len(size))]].to_numpy(np.int64)
        self.with_objects = np.flatnonzero(table["objects"].to_numpy(np.int64) > 0)

    def __len__(self) -> int:
        """Return the number of patches."""
        return len(self.images)

    def start(self, row: int) -> tuple[int, ...]:
        """Return the first voxel of a patch."""
        return tuple(self.starts[row].tolist())

    def draw(self, foreground_share: float, generator: np.random.Generator) -> int:
        """Return a row: with probability `foreground_share` one with objects, otherwise any."""
        foreground = generator.random() < foreground_share and len(self.with_objects) > 0
        if foreground:
            return int(self.with_objects[generator.integers(len(self.with_objects))])
        return int(generator.integers(len(self)))

    def jitter(
        self, start: tuple[int, ...], spatial: tuple[int, ...], generator: np.random.Generator
    ) -> tuple[int, ...]:
        """Return `start` moved by up to half a patch, the patch kept inside the image.

        Along an axis shorter than the patch, the whole axis is kept inside the patch instead.
        """
        moved = []
        for first, side, length in zip(start, self.size, spatial, strict=True):
            drawn = first + int(generator.integers(-(side // 2), side // 2, endpoint=True))
            room = length - side
            moved.append(min(max(drawn, min(room, 0)), max(room, 0)))
        return tuple(moved)
