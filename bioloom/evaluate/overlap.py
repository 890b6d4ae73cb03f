"""The overlap of two label images as one sparse table, the source of every matching metric.

::

    truth   0 1 1 1 0        truth label voxels
    labels  0 0 5 5 5            0     0      1
                                 0     5      1       IoU(1, 5) = 2 / (3 + 3 - 2) = 0.5
                                 1     0      1
                                 1     5      2

Tables of the blocks of an image add up to the table of the image. Beside the voxels a pair carries what else
metrics ask for, so that an image is read once: the values of a prediction there, in integer steps, so that
their sum depends neither on blocks nor on ids; and whether the true object was seen on the image's border.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain
from typing import Any, Protocol

import numpy as np

from bioloom.errors import BioLoomError
from bioloom.evaluate.channels import Channels
from bioloom.geometry.box import Box
from bioloom.measure.blocks import blocks, merged
from bioloom.measure.runs import checked_labels, find_runs, group, run_sums


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
    border : (n,) bool
        Whether the true object was seen on the border of the image, by one of the blocks that the pair is in.
    sums : (n, c) int64
        Sums of c predicted channels over the shared voxels, see `bioloom.measure.runs.run_sums`.
    """

    truth: np.ndarray
    labels: np.ndarray
    voxels: np.ndarray
    border: np.ndarray
    sums: np.ndarray


@dataclass(frozen=True)
class Candidates:
    """The pairs of objects that overlap at all: a sparse matrix of IoU.

    Parameters
    ----------
    truth, labels : (n,), (m,) int64
        The sorted ids of all objects, overlapping or not.
    truth_voxels, labels_voxels : (n,), (m,) int64
        The voxels of each.
    row, column : (k,) int64
        Indices into `truth` and `labels`.
    shared : (k,) int64
        The voxels that each pair shares.
    iou : (k,) float64
        Voxels shared over voxels of either, in (0, 1].
    """

    truth: np.ndarray
    labels: np.ndarray
    truth_voxels: np.ndarray
    labels_voxels: np.ndarray
    row: np.ndarray
    column: np.ndarray
    shared: np.ndarray
    iou: np.ndarray


def overlap(truth: LabelImage, labels: LabelImage, prediction: Channels | None = None) -> Overlap:
    """Return the overlap table of two label images of one shape.

    Parameters
    ----------
    truth, labels : (*spatial) integer
        Object ids, 0 for background. They are read block by block, so that memory stays flat.
    prediction : Channels, optional
        Channels of that spatial shape, to be summed as well.

    Raises
    ------
    BioLoomError
        For different shapes, or arrays that hold no ids.
    """
    shape = tuple(truth.shape)
    if shape != tuple(labels.shape):
        raise BioLoomError(
            f"the truth has shape {shape}, the labels to compare with it {tuple(labels.shape)}",
            allowed="two label images of the same shape",
        )
    if prediction is not None and prediction.shape != shape:
        raise BioLoomError(
            f"the truth has shape {shape}, the prediction behind the labels {prediction.shape}",
            allowed="a prediction of the same shape",
        )

    def part(box: Box) -> Overlap:
        values = np.zeros((0, *box.shape)) if prediction is None else prediction.read(box)
        return _overlap_of_block(truth[box.slices], labels[box.slices], values, box, shape)

    empty = _nothing(0 if prediction is None else len(prediction.wanted))
    return merged(chain([empty], map(part, blocks(shape))), merge_overlaps, lambda found: len(found.voxels))


def merge_overlaps(parts: Sequence[Overlap]) -> Overlap:
    """Add up the tables of parts of an image that do not overlap, all of the same channels."""
    parts = parts or [_nothing(0)]
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Overlap)
    }
    return _summed(Overlap(**columns))


def candidates(table: Overlap) -> Candidates:
    """Return the intersection over union of all pairs of objects that overlap.

    Intersection over union is the Jaccard index (Jaccard, New Phytologist 11, 1912). The quotient of integers
    is correctly rounded, so comparing it with a decimal threshold such as 0.55 is exact.
    """
    truth, truth_voxels = _sizes(table.truth, table.voxels)
    labels, labels_voxels = _sizes(table.labels, table.voxels)
    both = (table.truth > 0) & (table.labels > 0)
    row = np.searchsorted(truth, table.truth[both])
    column = np.searchsorted(labels, table.labels[both])
    shared = table.voxels[both]
    iou = shared / (truth_voxels[row] + labels_voxels[column] - shared)
    return Candidates(truth, labels, truth_voxels, labels_voxels, row, column, shared, iou)


def _nothing(channels: int) -> Overlap:
    ids = np.zeros(0, np.int64)
    return Overlap(ids, ids, ids, np.zeros(0, bool), np.zeros((0, channels), np.int64))


def _overlap_of_block(
    truth: np.ndarray, labels: np.ndarray, values: np.ndarray, box: Box, shape: tuple[int, ...]
) -> Overlap:
    truth, labels = checked_labels(truth, "the truth"), checked_labels(labels)
    starts, lengths = find_runs(truth, labels)
    first, second = (array.reshape(-1)[starts].astype(np.int64) for array in (truth, labels))
    sums = np.zeros((len(starts), len(values)), np.int64)
    for index, channel in enumerate(values if len(starts) else ()):
        sums[:, index] = run_sums(channel.reshape(-1), starts)
    table = _summed(Overlap(first, second, lengths, np.zeros(len(starts), bool), sums))
    return replace(table, border=np.isin(table.truth, _ids_on_border(truth, box, shape)))


def _ids_on_border(labels: np.ndarray, box: Box, shape: tuple[int, ...]) -> np.ndarray:
    """Ids on the faces of a block that lie on the image's border; an axis of length 1 has no border."""
    faces = [np.zeros(0, np.int64)]
    for axis, side in enumerate(shape):
        ends = (box.start[axis] == 0, box.stop[axis] == side)
        faces += [labels.take(-at, axis).reshape(-1) for at in (0, 1) if ends[at] and side > 1]
    return np.unique(np.concatenate(faces))


def _summed(rows: Overlap) -> Overlap:
    """Add up the rows of each pair."""
    if not len(rows.voxels):
        return rows
    order, first = group(rows.truth, rows.labels)
    return Overlap(
        truth=rows.truth[order][first],
        labels=rows.labels[order][first],
        voxels=np.add.reduceat(rows.voxels[order], first),
        border=np.logical_or.reduceat(rows.border[order], first),
        sums=np.add.reduceat(rows.sums[order], first, axis=0),
    )


def _sizes(ids: np.ndarray, voxels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sorted ids above 0 and the voxels of each."""
    kept = np.flatnonzero(ids)
    if not len(kept):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    order, first = group(ids[kept])
    return ids[kept][order][first], np.add.reduceat(voxels[kept][order], first)
