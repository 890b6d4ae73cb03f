"""The overlap of two label images as one sparse table, the source of every matching metric.

::

    truth   0 1 1 1 0        truth label voxels
    labels  0 0 5 5 5            0     0      1
                                 0     5      1       IoU(1, 5) = 2 / (3 + 3 - 2) = 0.5
                                 1     0      1
                                 1     5      2

Tables of the blocks of an image add up to the table of the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.measure.blocks import blocks
from bioloom.measure.runs import checked_labels, find_runs, group


class LabelImage(Protocol):
    """An array of ids, or anything that is read by slicing, such as a zarr array."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The spatial shape."""
        ...

    def __getitem__(self, index: tuple[slice, ...], /) -> Any:
        """Return a box as an array."""
        ...


@dataclass(frozen=True)
class VolumeLabels:
    """The labels of an opened store as a `LabelImage`, read box by box.

    Parameters
    ----------
    volume : Volume
        With one channel; only its ``spatial`` shape and ``read(box)`` are used.
    """

    volume: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """The spatial shape."""
        return self.volume.spatial

    def __getitem__(self, index: tuple[slice, ...], /) -> np.ndarray:
        """Return a box, whose slices have a start and a stop, as an array."""
        box = Box(tuple(side.start for side in index), tuple(side.stop for side in index))
        return self.volume.read(box)[0]


@dataclass(frozen=True)
class Overlap:
    """How many voxels each pair of ids shares.

    Parameters
    ----------
    truth, labels : (n,) int64
        The ids of each pair, sorted by truth, then label; 0 is the background.
    voxels : (n,) int64
        The number of shared voxels, at least 1.
    """

    truth: np.ndarray
    labels: np.ndarray
    voxels: np.ndarray


@dataclass(frozen=True)
class Candidates:
    """The pairs of objects that overlap at all: a sparse matrix of IoU.

    Parameters
    ----------
    truth, labels : (n,), (m,) int64
        The sorted ids of all objects, overlapping or not.
    row, column : (k,) int64
        Indices into `truth` and `labels`.
    iou : (k,) float64
        Voxels shared over voxels of either, in (0, 1].
    """

    truth: np.ndarray
    labels: np.ndarray
    row: np.ndarray
    column: np.ndarray
    iou: np.ndarray


def overlap(truth: LabelImage, labels: LabelImage) -> Overlap:
    """Return the overlap table of two label images of one shape.

    Parameters
    ----------
    truth, labels : (*spatial) integer
        Object ids, 0 for background. They are read block by block, so that memory stays flat.

    Raises
    ------
    BioLoomError
        For different shapes, or arrays that hold no ids.
    """
    if tuple(truth.shape) != tuple(labels.shape):
        raise BioLoomError(
            f"the truth has shape {tuple(truth.shape)}, the labels to compare with it {tuple(labels.shape)}",
            allowed="two label images of the same shape",
        )
    boxes = (box.slices for box in blocks(truth.shape))
    return merge_overlaps([_overlap_of_block(truth[box], labels[box]) for box in boxes])


def merge_overlaps(parts: Sequence[Overlap]) -> Overlap:
    """Add up the tables of parts of an image that do not overlap."""
    empty = np.zeros(0, np.int64)
    truth = np.concatenate([empty, *(part.truth for part in parts)])
    labels = np.concatenate([empty, *(part.labels for part in parts)])
    voxels = np.concatenate([empty, *(part.voxels for part in parts)])
    return _summed(truth, labels, voxels)


def candidates(table: Overlap) -> Candidates:
    """Return the intersection over union of all pairs of objects that overlap.

    Intersection over union is the Jaccard index (Jaccard, New Phytologist 11, 1912). The quotient of integers
    is correctly rounded, so comparing it with a decimal threshold such as 0.55 is exact.
    """
    truth, truth_size = _sizes(table.truth, table.voxels)
    labels, label_size = _sizes(table.labels, table.voxels)
    both = (table.truth > 0) & (table.labels > 0)
    row = np.searchsorted(truth, table.truth[both])
    column = np.searchsorted(labels, table.labels[both])
    shared = table.voxels[both]
    return Candidates(truth, labels, row, column, shared / (truth_size[row] + label_size[column] - shared))


def _overlap_of_block(truth: np.ndarray, labels: np.ndarray) -> Overlap:
    truth, labels = checked_labels(truth, "the truth"), checked_labels(labels)
    starts, lengths = find_runs(truth, labels)
    first, second = (array.reshape(-1)[starts].astype(np.int64) for array in (truth, labels))
    return _summed(first, second, lengths)


def _summed(truth: np.ndarray, labels: np.ndarray, voxels: np.ndarray) -> Overlap:
    if not len(voxels):
        return Overlap(truth, labels, voxels)
    order, first = group(truth, labels)
    return Overlap(truth[order][first], labels[order][first], np.add.reduceat(voxels[order], first))


def _sizes(ids: np.ndarray, voxels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sorted ids above 0 and the voxels of each."""
    kept = np.flatnonzero(ids)
    if not len(kept):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    order, first = group(ids[kept])
    return ids[kept][order][first], np.add.reduceat(voxels[kept][order], first)
