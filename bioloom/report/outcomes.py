"""Which objects were matched, missed or invented, exactly, without reading more than the objects shown.

At an IoU above 0.5 an object has at most one partner, since two partners would each need more than half of it
(Kirillov et al., "Panoptic Segmentation", CVPR 2019). So a table of overlaps decides everything, and overlaps
add up over parts of the image.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from bioloom.evaluate.overlap import Overlap, merge_overlaps, overlap
from bioloom.geometry.box import Box
from bioloom.report.focus import crossing, extents
from bioloom.report.plane import Plane
from bioloom.report.sources import Readable, Subject

THRESHOLD = 0.5
SLAB_VOXELS = 2**24
"""How much of a volume is held at once while overlaps are counted."""

Sizes = Mapping[int, int]


@dataclass(frozen=True)
class Outcome:
    """What became of the objects at IoU above 0.5.

    Parameters
    ----------
    pairs : mapping of int to int
        Truth id to result id of the matched objects.
    missed, false : frozenset of int
        Truth ids without a partner, result ids without a partner.
    """

    pairs: Mapping[int, int] = field(default_factory=dict)
    missed: frozenset[int] = frozenset()
    false: frozenset[int] = frozenset()

    @property
    def matched(self) -> frozenset[int]:
        """The ids of the result that have a partner in the truth."""
        return frozenset(self.pairs.values())

    def among(self, truth: np.ndarray, labels: np.ndarray) -> Outcome:
        """Return the outcome for these ids only; a pair stays if one of its two is given."""
        some_truth, some_labels = set(truth.tolist()), set(labels.tolist())
        pairs = {t: p for t, p in self.pairs.items() if t in some_truth or p in some_labels}
        return Outcome(pairs, self.missed & some_truth, self.false & some_labels)


def outcome_in(subject: Subject, plane: Plane) -> Outcome:
    """Judge the objects that a plane crosses, by all of their voxels, also those outside of it.

    The object tables say how far the crossing objects reach and how many voxels every object has, so no more
    than that is read. Without tables the whole image is read.
    """
    if subject.truth is None or subject.labels is None:
        return Outcome()
    truth_table, label_table = subject.truth_table, subject.label_table
    if truth_table is None or label_table is None:
        table = overlap_within(subject.truth, subject.labels, Box.of(subject.image.spatial))
        truth_sizes, label_sizes = _sum(table.truth, table.voxels), _sum(table.labels, table.voxels)
    else:
        window = _hull(plane.box, crossing(truth_table, plane.box), crossing(label_table, plane.box))
        table = overlap_within(subject.truth, subject.labels, window)
        truth_sizes, label_sizes = _column(truth_table), _column(label_table)
    outcome = judge(table, truth_sizes, label_sizes)
    return outcome.among(np.unique(plane.read(subject.truth)), np.unique(plane.read(subject.labels)))


def overlap_within(truth: Readable, labels: Readable, box: Box) -> Overlap:
    """Return the overlap table of a box of two stores, reading it slab by slab along the first axis."""
    return merge_overlaps([overlap(truth.read(slab)[0], labels.read(slab)[0]) for slab in _slabs(box)])


def judge(table: Overlap, truth_sizes: Sizes, label_sizes: Sizes) -> Outcome:
    """Return the outcome for every object that has a size.

    Parameters
    ----------
    table : Overlap
        Voxels shared by each pair of ids, counted in a box that holds all of the objects of interest.
    truth_sizes, label_sizes : mapping of int to int
        Voxels of the whole objects, also of those that stick out of the counted box.
    """
    pairs: dict[int, int] = {}
    rows = zip(table.truth.tolist(), table.labels.tolist(), table.voxels.tolist(), strict=True)
    for true, found, shared in rows:
        if true in truth_sizes and found in label_sizes:
            union = truth_sizes[true] + label_sizes[found] - shared
            if shared > THRESHOLD * union:
                pairs[true] = found
    missed = frozenset(truth_sizes) - frozenset(pairs)
    false = frozenset(label_sizes) - frozenset(pairs.values())
    return Outcome(pairs, missed, false)


def _sum(ids: np.ndarray, voxels: np.ndarray) -> dict[int, int]:
    numbers, index = np.unique(ids, return_inverse=True)
    sums = np.zeros(numbers.size, np.int64)
    np.add.at(sums, index, voxels)
    return {number: count for number, count in zip(numbers.tolist(), sums.tolist(), strict=True) if number}


def _column(table: pd.DataFrame) -> dict[int, int]:
    return dict(zip(table["label"].tolist(), table["voxels"].tolist(), strict=True))


def _hull(box: Box, *tables: pd.DataFrame) -> Box:
    """Return the smallest box around `box` and all objects of the tables."""
    corners = [extents(table, box.ndim) for table in tables]
    start = np.vstack([box.start, *(first for first, _ in corners)]).min(axis=0)
    stop = np.vstack([box.stop, *(last for _, last in corners)]).max(axis=0)
    return Box(tuple(start.tolist()), tuple(stop.tolist()))


def _slabs(box: Box) -> Iterator[Box]:
    thickness = max(1, SLAB_VOXELS * box.shape[0] // max(1, box.size))
    for start in range(box.start[0], box.stop[0], thickness):
        stop = min(box.stop[0], start + thickness)
        yield Box((start, *box.start[1:]), (stop, *box.stop[1:]))
