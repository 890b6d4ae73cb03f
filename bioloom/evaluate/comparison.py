"""What all metrics of an image are made of: the voxels are read once, metrics look at tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bioloom.evaluate.channels import Channels
from bioloom.evaluate.crumbs import without_crumbs
from bioloom.evaluate.overlap import STEPS, Candidates, LabelImage, Overlap, candidates, overlap


@dataclass(frozen=True)
class Comparison:
    """The truth of one image beside the labels that were predicted.

    Parameters
    ----------
    table : Overlap
        Voxels shared by each pair of ids, the background included.
    pairs : Candidates
        All objects, and the IoU of those that overlap.
    means : mapping of str to (m,) float64
        Per channel that a metric asked for, its mean over each predicted object, in the order of
        ``pairs.labels``; from 0 to 1.
    """

    table: Overlap
    pairs: Candidates
    means: Mapping[str, np.ndarray]


def compare(
    truth: LabelImage, labels: LabelImage, prediction: Channels | None = None, *, smallest_truth: int = 0
) -> Comparison:
    """Compare two label images, reading each block of them once.

    Parameters
    ----------
    truth, labels : (*spatial) integer
        Object ids, 0 for background.
    prediction : Channels, optional
        The channels that metrics need the means of.
    smallest_truth : int
        See `bioloom.evaluate.crumbs.without_crumbs`.

    Raises
    ------
    BioLoomError
        For different shapes, arrays that hold no ids, or a channel that the prediction lacks.
    """
    table = without_crumbs(overlap(truth, labels, prediction), smallest_truth)
    pairs = candidates(table)
    means = {}
    for index, channel in enumerate(prediction.wanted if prediction is not None else ()):
        at = np.searchsorted(pairs.labels, table.labels[table.labels > 0])
        sums, voxels = (
            np.bincount(at, values[table.labels > 0], len(pairs.labels))
            for values in (table.sums[:, index], table.voxels)
        )
        means[channel] = sums / (voxels * STEPS)
    return Comparison(table, pairs, means)
