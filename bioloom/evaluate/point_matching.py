"""Matching of points: precision, recall and F1 within a distance, per class and over all classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Literal

import numpy as np

from bioloom.evaluate.metric import Counts, Metric, Values, ratio
from bioloom.evaluate.pairing import pair_points
from bioloom.settings.base import Auto, Section, Size
from bioloom.volumes.points import Points

ANY_CLASS = "_any_class"
"""Ends the names of what is counted without looking at classes."""


class PointMatchingOptions(Section):
    """Matching of predicted with true points within a distance, per class and over all classes."""

    name: Literal["point_matching"] = "point_matching"
    tolerance_um: Size | Auto = "auto"
    """Largest distance of a match in micrometres, above 0; auto: half the median diameter of the training
    objects, or the radius that the target `points` has."""


@dataclass(frozen=True)
class PointComparison:
    """The true points of one image beside those that were predicted.

    Parameters
    ----------
    truth, found : Points
        The points, in voxels.
    spacing : tuple of float
        Voxel size in micrometres.
    tolerance_um : float
        What `auto` stands for.
    """

    truth: Points
    found: Points
    spacing: tuple[float, ...]
    tolerance_um: float


@dataclass(frozen=True)
class PointMatches:
    """The outcome of matching.

    Parameters
    ----------
    truth, found : (k,) int64
        Indices of the matched points, pair by pair.
    distances : (k,) float64
        The distance of each pair in micrometres.
    missed, invented : (m,), (n,) int64
        Indices of the true and of the predicted points without a partner.
    """

    truth: np.ndarray
    found: np.ndarray
    distances: np.ndarray
    missed: np.ndarray
    invented: np.ndarray


def match_points(
    truth: Points, found: Points, tolerance_um: float, spacing: Sequence[float], *, by_class: bool = True
) -> PointMatches:
    """Match points one to one within a distance, see `bioloom.evaluate.pairing.pair_points`.

    Parameters
    ----------
    truth, found : Points
        The points, in voxels.
    tolerance_um : float
        Largest distance in micrometres, itself allowed.
    spacing : sequence of float
        Voxel size in micrometres.
    by_class : bool
        Whether only points of one class match.
    """
    pairs = []
    for class_ in sorted(set(truth.classes) | set(found.classes)) if by_class else [None]:
        own, other = (
            np.arange(len(points)) if class_ is None else np.flatnonzero(points.classes == class_)
            for points in (truth, found)
        )
        row, column, distance = pair_points(truth.places[own], found.places[other], tolerance_um, spacing)
        pairs.append((own[row], other[column], distance))
    if not pairs:
        pairs.append((np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)))
    row, column, distance = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return PointMatches(
        row,
        column,
        distance,
        np.setdiff1d(np.arange(len(truth)), row),
        np.setdiff1d(np.arange(len(found)), column),
    )


def count(comparison: PointComparison, options: PointMatchingOptions) -> Counts:
    """Count ``tp``, ``fp``, ``fn`` and the sum of the matched distances, of every class and of all.

    All classes together are the sums over classes (micro average). Where there are classes, ``..._any_class``
    counts matches whatever the classes of the two points.
    """
    truth, found = comparison.truth, comparison.found
    tolerance = comparison.tolerance_um if options.tolerance_um == "auto" else options.tolerance_um
    matches = match_points(truth, found, tolerance, comparison.spacing)
    counts = {"": _counts(matches, len(truth), len(found))}
    names = sorted((set(truth.classes) | set(found.classes)) - {""})
    for class_ in names:
        own = truth.classes[matches.truth] == class_
        part = PointMatches(
            matches.truth[own], matches.found[own], matches.distances[own], *[np.zeros(0)] * 2
        )
        counts[class_] = _counts(part, (truth.classes == class_).sum(), (found.classes == class_).sum())
    if names:
        blind = match_points(truth, found, tolerance, comparison.spacing, by_class=False)
        values = _counts(blind, len(truth), len(found))
        counts[""] |= {f"{name}{ANY_CLASS}": value for name, value in values.items()}
    return counts


def _counts(matches: PointMatches, truth: int, found: int) -> dict[str, float]:
    tp = len(matches.truth)
    # fsum is correctly rounded, so that the order of the points does not show
    distance = fsum(matches.distances)
    return {"tp": float(tp), "fp": float(found - tp), "fn": float(truth - tp), "distance": distance}


def scores(tp: float, fp: float, fn: float, distance: float) -> dict[str, float]:
    """Return ``f1 = 2 TP / (2 TP + FP + FN)``, precision, recall and the mean distance of the matched pairs.

    Parameters
    ----------
    tp, fp, fn : float
        Matched pairs, predicted points without and true points without a partner.
    distance : float
        Sum of the distances of the matched pairs in micrometres.

    Returns
    -------
    dict of str to float
        0/0 is NaN. F1 is that of van Rijsbergen, Information Retrieval (1979), with beta 1.
    """
    return {
        "f1": ratio(2 * tp, 2 * tp + fp + fn),
        "precision": ratio(tp, tp + fp),
        "recall": ratio(tp, tp + fn),
        "mean_distance_um": ratio(distance, tp),
    }


def _finish(counts: Values) -> dict[str, float]:
    names = ("tp", "fp", "fn", "distance")
    values = scores(*(counts[name] for name in names))
    if f"tp{ANY_CLASS}" in counts:
        blind = scores(*(counts[f"{name}{ANY_CLASS}"] for name in names))
        values |= {f"{name}{ANY_CLASS}": value for name, value in blind.items()}
    values["objects_truth"] = counts["tp"] + counts["fn"]
    values["objects_predicted"] = counts["tp"] + counts["fp"]
    return values


METRIC = Metric(count=count, finish=_finish, truths=("points",))
