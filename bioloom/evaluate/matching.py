"""Instance matching: precision, recall, F1, accuracy and panoptic quality at thresholds of the IoU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from bioloom.evaluate.assignment import match
from bioloom.evaluate.comparison import Comparison
from bioloom.evaluate.metric import Counts, Metric, Values, ratio, without_class
from bioloom.evaluate.overlap import Candidates, LabelImage, candidates, overlap
from bioloom.settings.base import Section

Threshold = Annotated[float, Field(ge=0, lt=1)]


class MatchingOptions(Section):
    """Matching of predicted with true objects."""

    name: Literal["matching"] = "matching"
    thresholds: tuple[Threshold, ...] = Field(
        default=(0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95), min_length=1
    )
    """Intersection over union above which objects match, from 0 to below 1; ``f1_mean`` averages over all."""


@dataclass(frozen=True)
class Matches:
    """The outcome of matching at one threshold.

    Parameters
    ----------
    truth, labels : (n,) int64
        Ids of the matched objects, pair by pair, sorted by truth.
    iou : (n,) float64
        The IoU of each pair.
    missed, invented : (k,), (m,) int64
        Ids of the true and of the predicted objects without a partner.
    """

    truth: np.ndarray
    labels: np.ndarray
    iou: np.ndarray
    missed: np.ndarray
    invented: np.ndarray


def match_pairs(truth: LabelImage, labels: LabelImage, threshold: float) -> Matches:
    """Match two label images one to one at IoU > threshold.

    A pair at exactly the threshold does not match (Kirillov et al. 2019 and the Data Science Bowl of Caicedo
    et al. 2019 say "greater than"; the package stardist counts it).

    Parameters
    ----------
    truth, labels : (*spatial) integer
        Object ids, 0 for background.
    threshold : float
        In [0, 1).

    Raises
    ------
    BioLoomError
        For different shapes, or arrays that hold no ids.
    """
    pairs = candidates(overlap(truth, labels))
    chosen = match(pairs, threshold)
    row, column = pairs.row[chosen], pairs.column[chosen]
    return Matches(
        truth=pairs.truth[row],
        labels=pairs.labels[column],
        iou=pairs.iou[chosen],
        missed=np.delete(pairs.truth, row),
        invented=np.delete(pairs.labels, column),
    )


def match_counts(
    truth: LabelImage, labels: LabelImage, thresholds: Sequence[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return true positives, false positives and false negatives at each threshold.

    Parameters
    ----------
    truth, labels : (*spatial) integer
        Object ids, 0 for background.
    thresholds : sequence of float
        In [0, 1); a match needs an IoU greater than that.

    Returns
    -------
    tp, fp, fn : (len(thresholds),) int64
    """
    pairs = candidates(overlap(truth, labels))
    tp = np.array([len(match(pairs, threshold)) for threshold in thresholds], np.int64)
    return tp, len(pairs.labels) - tp, len(pairs.truth) - tp


def count(comparison: Comparison, options: MatchingOptions) -> Counts:
    """Count ``tp@t``, ``fp@t``, ``fn@t`` and the sum of the matched IoU ``iou@t`` at every threshold."""
    values: dict[str, float] = {}
    for threshold in options.thresholds:
        values |= _counts_at(comparison.pairs, threshold)
    return without_class(values)


def _counts_at(pairs: Candidates, threshold: float) -> dict[str, float]:
    chosen = match(pairs, threshold)
    tp = len(chosen)
    # fsum is correctly rounded, so that neither the ids nor the order of the objects show.
    values = {
        "tp": tp,
        "fp": len(pairs.labels) - tp,
        "fn": len(pairs.truth) - tp,
        "iou": fsum(pairs.iou[chosen]),
    }
    return {f"{name}@{threshold:g}": value for name, value in values.items()}


def scores(tp: float, fp: float, fn: float, iou: float) -> dict[str, float]:
    """Return the scores of one threshold; 0/0 is NaN.

    Parameters
    ----------
    tp, fp, fn : float
        Matched pairs, predicted objects without and true objects without a partner.
    iou : float
        Sum of the IoU of the matched pairs.

    Returns
    -------
    dict of str to float
        ``precision = TP / (TP + FP)``, ``recall = TP / (TP + FN)``, ``f1`` their harmonic mean; ``accuracy =
        TP / (TP + FP + FN)``, which Schmidt et al. and the Data Science Bowl call average precision; ``pq``,
        the panoptic quality ``sum of IoU / (TP + FP / 2 + FN / 2)``; ``mean_matched_iou = sum of IoU / TP``.

    References
    ----------
    Kirillov et al., Panoptic Segmentation, CVPR 2019. Schmidt et al., Cell Detection with Star-convex
    Polygons, MICCAI 2018. Caicedo et al., Nature Methods 16, 1247 (2019).
    """
    return {
        "f1": ratio(2 * tp, 2 * tp + fp + fn),
        "precision": ratio(tp, tp + fp),
        "recall": ratio(tp, tp + fn),
        "accuracy": ratio(tp, tp + fp + fn),
        "pq": ratio(2 * iou, 2 * tp + fp + fn),
        "mean_matched_iou": ratio(iou, tp),
    }


def _finish(counts: Values) -> dict[str, float]:
    thresholds = [name.removeprefix("tp@") for name in counts if name.startswith("tp@")]
    values: dict[str, float] = {}
    for at in thresholds:
        tp, fp, fn, iou = (counts[f"{name}@{at}"] for name in ("tp", "fp", "fn", "iou"))
        values |= {f"{name}@{at}": value for name, value in scores(tp, fp, fn, iou).items()}
    values["f1_mean"] = fsum(values[f"f1@{at}"] for at in thresholds) / len(thresholds)
    values["objects_truth"] = counts[f"tp@{thresholds[0]}"] + counts[f"fn@{thresholds[0]}"]
    values["objects_predicted"] = counts[f"tp@{thresholds[0]}"] + counts[f"fp@{thresholds[0]}"]
    return values


METRIC = Metric(count=count, finish=_finish)
