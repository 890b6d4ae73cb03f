"""Instance matching: precision, recall, F1, accuracy and panoptic quality at thresholds of the IoU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import fsum
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from bioloom.evaluate.assignment import match
from bioloom.evaluate.comparison import Comparison
from bioloom.evaluate.metric import Counts, Metric, Values, ratio
from bioloom.evaluate.overlap import Candidates, LabelImage, candidates, overlap
from bioloom.settings.base import Section

WITH_CLASS = "_with_class"
"""Ends the names of what is counted of objects that match with their class."""

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
    """Count ``tp@t``, ``fp@t``, ``fn@t`` and the sum of the matched IoU ``iou@t`` at every threshold.

    Where objects have classes, these are counted for each class by itself, with matches of objects of that
    class only, and ``..._with_class@t`` for all classes together (micro average). The counts without a class
    are blind to classes. Objects whose class nobody knows, and what matches them, are left out where classes
    count.
    """
    pairs, kinds = comparison.pairs, comparison.kinds
    counts: dict[str, dict[str, float]] = {"": {}}
    for threshold in options.thresholds:
        chosen = match(pairs, threshold)
        counts[""] |= _counts(pairs, chosen, len(pairs.truth), len(pairs.labels), f"@{threshold:g}")
        if kinds is None:
            continue
        judged = np.ones(len(pairs.labels), bool)
        judged[pairs.column[chosen][kinds.truth[pairs.row[chosen]] == ""]] = False
        alike = np.flatnonzero((kinds.truth[pairs.row] == kinds.labels[pairs.column]) & judged[pairs.column])
        same = alike[match(_some(pairs, alike), threshold)]
        truth, labels = kinds.truth[kinds.truth != ""], kinds.labels[judged]
        counts[""] |= _counts(pairs, same, len(truth), len(labels), f"{WITH_CLASS}@{threshold:g}")
        for class_ in filter(None, np.union1d(truth, labels).tolist()):
            own = same[kinds.truth[pairs.row[same]] == class_]
            of_truth, of_labels = (int((side == class_).sum()) for side in (truth, labels))
            of_class = _counts(pairs, own, of_truth, of_labels, f"@{threshold:g}")
            counts.setdefault(class_, {}).update(of_class)
    return counts


def _some(pairs: Candidates, chosen: np.ndarray) -> Candidates:
    """Return the objects with some of their pairs only."""
    kept = {name: getattr(pairs, name)[chosen] for name in ("row", "column", "shared", "iou")}
    return replace(pairs, **kept)


def _counts(pairs: Candidates, chosen: np.ndarray, truth: int, labels: int, ending: str) -> dict[str, float]:
    """Return the counts of chosen pairs of so many true and predicted objects, named with an ending."""
    tp = len(chosen)
    # fsum is correctly rounded, so that neither the ids nor the order of the objects show.
    values = {"tp": tp, "fp": labels - tp, "fn": truth - tp, "iou": fsum(pairs.iou[chosen])}
    return {f"{name}{ending}": float(value) for name, value in values.items()}


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
    values: dict[str, float] = {}
    for kind in ("", WITH_CLASS):
        thresholds = [name.removeprefix(f"tp{kind}@") for name in counts if name.startswith(f"tp{kind}@")]
        for at in thresholds:
            of = scores(*(counts[f"{name}{kind}@{at}"] for name in ("tp", "fp", "fn", "iou")))
            values |= {f"{name}{kind}@{at}": value for name, value in of.items()}
        if thresholds:
            mean = fsum(values[f"f1{kind}@{at}"] for at in thresholds) / len(thresholds)
            values[f"f1_mean{kind}"] = mean
    thresholds = [name.removeprefix("tp@") for name in counts if name.startswith("tp@")]
    values["objects_truth"] = counts[f"tp@{thresholds[0]}"] + counts[f"fn@{thresholds[0]}"]
    values["objects_predicted"] = counts[f"tp@{thresholds[0]}"] + counts[f"fp@{thresholds[0]}"]
    return values


METRIC = Metric(count=count, finish=_finish)
