"""Rand: how often two voxels that are together in one partition are together in the other."""

from __future__ import annotations

from typing import Literal

import numpy as np

from bioloom.evaluate.comparison import Comparison
from bioloom.evaluate.contingency import contingency
from bioloom.evaluate.metric import Counts, Metric, image_values, mean_over_images, ratio
from bioloom.settings.base import Section


class RandOptions(Section):
    """Agreement on pairs of voxels: adjusted Rand index and adapted Rand error, means over images."""

    name: Literal["rand"] = "rand"
    background: bool = True
    """Whether the background of the truth counts as one more object; else its voxels are left out (CREMI)."""


def count(comparison: Comparison, options: RandOptions) -> Counts:
    """Compute the adjusted Rand index and the adapted Rand error of one image.

    ``ari`` is the Rand index adjusted for chance (Hubert and Arabie, Journal of Classification 2, 1985): 1
    for equal partitions, 0 on average for random ones; also 1 where both are one segment and chance decides
    nothing. ``adapted_rand_error`` is 1 minus the F-score of precision and recall of pairs of voxels
    (Arganda-Carreras et al., Frontiers in Neuroanatomy 9, 142 (2015)), as in the contests SNEMI3D and CREMI,
    which leave out the background of the truth. The background of the labels is one segment, as in
    scikit-image; the script of CREMI counts each of its voxels as a segment of its own.
    """
    table = contingency(comparison.table, options.background)
    both = _pairs(table.both)
    truth = _pairs(table.truth[table.first_truth])
    labels = _pairs(table.labels[table.first_labels])
    everything = _pairs(np.array([table.both.sum()]))
    error = 1 - ratio(2 * both, truth + labels)
    return image_values({"ari": _adjusted(both, truth, labels, everything), "adapted_rand_error": error})


def _pairs(voxels: np.ndarray) -> float:
    """Number of pairs of voxels inside segments of these sizes."""
    return float((voxels * (voxels - 1) / 2).sum())


def _adjusted(both: float, truth: float, labels: float, everything: float) -> float:
    if both == truth == labels:
        return ratio(everything, everything)  # the same partition; no pairs of voxels, no answer
    expected = truth * labels / everything
    return (both - expected) / ((truth + labels) / 2 - expected)


METRIC = Metric(count=count, finish=mean_over_images, averaged=True)
