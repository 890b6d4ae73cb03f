"""Where training and validation patches lie: the table, and a draw from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

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
    {"start-2": "integer", r"class-\d+": "integer"},
)
"""Columns of ``patches/{train,val}.csv``."""


class Labels(Protocol):
    """What is needed of an opened class map."""

    @property
    def spatial(self) -> tuple[int, ...]:
        """The spatial shape."""

    def read(self, box: Box) -> NDArray[Any]:
        """Return ``(1, *box.shape)``."""


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
    of_image = dict(iter(objects.groupby("image"))) if len(objects) else {}
    tables = []
    for entry in images:
        grid = _grid(entry, size)
        table = _places(entry, grid)
        count, share = _touching(grid, of_image.get(entry.image, objects.iloc[:0]))
        table["objects"], table["foreground"] = count.ravel(), share.ravel()
        tables.append(table)
    columns = ["image", *_starts(len(size)), "objects", "foreground"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def _grid(entry: Entry, size: tuple[int, ...]) -> PatchGrid:
    return PatchGrid(entry.shape[1:], size, tuple(side // 4 for side in size))


def _starts(ndim: int) -> list[str]:
    return [f"start-{axis}" for axis in range(ndim)]


def _places(entry: Entry, grid: PatchGrid) -> pd.DataFrame:
    """Return the columns ``image`` and ``start-...`` of one image."""
    starts = [grid.patch(index).start for index in indices(Box.of(grid.counts))]
    table = pd.DataFrame(starts, columns=_starts(len(grid.size)))
    table.insert(0, "image", entry.image)
    return table


def class_patch_table(
    images: Iterable[tuple[Entry, Labels]], classes: Sequence[int], size: tuple[int, ...]
) -> pd.DataFrame:
    """List the patches of the regular grid of every image, with the voxels of every class in them.

    Parameters
    ----------
    images : iterable of (Entry, Labels)
        The images, each with its opened class map, of which a row of patches is read at a time.
    classes : sequence of int
        The ids of the classes.
    size : tuple of int
        As in `patch_table`.

    Returns
    -------
    DataFrame
        As `patch_table`; ``objects`` is the number of classes there besides the background, ``foreground``
        their share, and ``class-<id>`` holds voxels.
    """
    names = [f"class-{id_}" for id_ in classes]
    tables = [pd.DataFrame(columns=["image", *_starts(len(size)), "objects", "foreground", *names])]
    for entry, labels in images:
        grid = _grid(entry, size)
        counts = np.array([line for row in _rows(grid, labels) for line in _class_counts(row, classes)])
        table = _places(entry, grid)
        shown = np.array(classes) > 0
        table["objects"] = np.count_nonzero(counts[:, shown], axis=1)
        table["foreground"] = counts[:, shown].sum(axis=1) / np.prod(size)
        table[names] = counts
        tables.append(table)
    return pd.concat(tables[1:], ignore_index=True) if len(tables) > 1 else tables[0]


def _rows(grid: PatchGrid, labels: Labels) -> Iterator[list[NDArray[np.integer]]]:
    """Yield the labels of all patches along the last axis, as far as the image goes, row by row."""
    whole = Box.of(labels.spatial)
    for index in indices(Box.of((*grid.counts[:-1], 1))):
        patches = [grid.patch((*index[:-1], last)).clip(whole) for last in range(grid.counts[-1])]
        strip = Box(patches[0].start, patches[-1].stop)
        values = labels.read(strip)[0]
        yield [values[patch.within(strip).slices] for patch in patches]


def _class_counts(patches: list[NDArray[np.integer]], classes: Sequence[int]) -> Iterator[NDArray[np.int64]]:
    top = max(classes) + 1
    for values in patches:
        found = np.bincount(np.minimum(values, top).ravel(), minlength=top + 1)
        yield found[list(classes)]


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


def _shown_class(column: str) -> bool:
    """Return whether a column counts voxels of a class that is no background."""
    return column.startswith("class-") and column != "class-0"


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
        counts = [table[name].to_numpy(np.float64) for name in table if _shown_class(str(name))]
        self.of_class = [np.cumsum(count) for count in counts if count.any()]

    def __len__(self) -> int:
        """Return the number of patches."""
        return len(self.images)

    def start(self, row: int) -> tuple[int, ...]:
        """Return the first voxel of a patch."""
        return tuple(self.starts[row].tolist())

    def draw(self, foreground_share: float, generator: np.random.Generator) -> int:
        """Return a row: with probability `foreground_share` one with objects, otherwise any.

        Of classes, each but the background is chosen equally often, and then a row by how many of the class's
        voxels are in it, as if one of them was drawn.
        """
        foreground = generator.random() < foreground_share and len(self.with_objects) > 0
        if foreground and self.of_class:
            below = self.of_class[generator.integers(len(self.of_class))]
            return int(np.searchsorted(below, generator.random() * below[-1], side="right"))
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
