"""Average precision: precision over recall as the objects of lowest score are left out one after another.

The curve needs the score of every object, and pooling those of all images. So the counts of an image are the
numbers of objects by quantised score and by how well they fit, which add up::

    0.9731@0.85   4     four objects of score 0.9731 that match at IoU thresholds up to 0.85
    0.9731@none   1     one of that score that matches at no threshold
    truth@0.5     6     the true objects, once per threshold
"""

from __future__ import annotations

from math import fsum
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from bioloom.errors import BioLoomError
from bioloom.evaluate.channels import AUTO
from bioloom.evaluate.comparison import Comparison
from bioloom.evaluate.metric import Counts, Metric, Values, without_class
from bioloom.evaluate.overlap import Candidates
from bioloom.settings.base import Section

BINS = 10_000
"""Steps between 0 and 1 to which scores are rounded before anything else; objects of one step are ties."""
LEVELS = np.linspace(0, 1, 101)
"""The recalls at which precision is averaged."""
NONE, TRUTH = "none", "truth"

Threshold = Annotated[float, Field(ge=0.5, lt=1)]


class AveragePrecisionOptions(Section):
    """Average precision as in COCO; an object's score is the mean of a predicted channel over it."""

    name: Literal["average_precision"] = "average_precision"
    channel: str = AUTO
    """Channel of the prediction that scores objects, or `not` and the name of one; auto: `foreground`, `not
    background`, `stars-probability` or `embeddings-seed`, whichever there is, else the first."""
    thresholds: tuple[Threshold, ...] = Field(
        default=(0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95), min_length=1
    )
    """Intersection over union from which objects match, from 0.5 to below 1; ``ap`` averages over all."""


def count(comparison: Comparison, options: AveragePrecisionOptions) -> Counts:
    """Count predicted objects by score and by the highest threshold at which they match.

    Raises
    ------
    BioLoomError
        If there is no prediction to take scores from.
    """
    if options.channel not in comparison.means:
        raise BioLoomError(
            f"{options.name} scores objects by a channel of the prediction, and there is no prediction",
            fix="give the manifest of the predictions (--predictions), or list other evaluate.metrics",
        )
    pairs, thresholds = comparison.pairs, sorted(set(options.thresholds))
    steps = np.rint(comparison.means[options.channel] * BINS).astype(np.int64)
    fits = np.searchsorted(thresholds, _best_iou(pairs, steps), side="right")
    names = [NONE, *(f"{threshold:g}" for threshold in thresholds)]
    values: dict[str, float] = {f"{TRUTH}@{name}": len(pairs.truth) for name in names[1:]}
    cells, numbers = np.unique(np.stack([-steps, fits]), axis=1, return_counts=True)
    for (step, fit), number in zip(cells.T.tolist(), numbers.tolist(), strict=True):
        values[f"{-step / BINS:.4f}@{names[fit]}"] = number
    return without_class(values)


def _best_iou(pairs: Candidates, steps: np.ndarray) -> np.ndarray:
    """Return the IoU at which each predicted object is matched, 0 for those that have less than half.

    From 0.5 on the greedy choice by falling score has something to choose in one case only: an IoU of exactly
    0.5 of one object with two others, each half as large. Such objects have no further pairs.
    """
    half = np.flatnonzero(pairs.iou >= 0.5)
    half = half[np.argsort(-steps[pairs.column[half]], kind="stable")]
    half = half[np.unique(pairs.row[half], return_index=True)[1]]
    column, first = np.unique(pairs.column[half], return_index=True)
    best = np.zeros(len(pairs.labels))
    best[column] = pairs.iou[half[first]]
    return best


def _finish(counts: Values) -> dict[str, float]:
    """Average precision at every threshold, and the mean over all; NaN where there is no true object."""
    table = [(*name.partition("@")[::2], value) for name, value in counts.items()]
    truth = {at: value for score, at, value in table if score == TRUTH}
    thresholds = sorted(truth, key=float)
    place = {name: index for index, name in enumerate([NONE, *thresholds])}
    cells = [(-float(score), place[at], value) for score, at, value in table if score != TRUTH]
    scores, fits, numbers = np.array(cells).reshape(-1, 3).T
    order, row = np.unique(scores, return_inverse=True)
    by_fit = np.zeros((len(order), len(place)))
    np.add.at(by_fit, (row, fits.astype(np.int64)), numbers)
    # what matches at a threshold matches at all below it, too
    matched = by_fit[:, :0:-1].cumsum(axis=1)[:, ::-1].cumsum(axis=0)
    found = by_fit.sum(axis=1).cumsum()
    values = {
        f"ap@{at}": interpolated(matched[:, index], found, truth[at]) for index, at in enumerate(thresholds)
    }
    return {"ap": fsum(values.values()) / len(values)} | values


def interpolated(matched: np.ndarray, found: np.ndarray, truth: float) -> float:
    """Return the average precision of one curve.

    At each of 101 recalls from 0 to 1 the precision is the best of all cut-offs with that recall or more, 0
    if there is none; their mean is taken (Lin et al., Microsoft COCO, ECCV 2014, and its evaluation code).

    Parameters
    ----------
    matched, found : (n,) float64
        Matched and all predicted objects down to each score, highest score first.
    truth : float
        Number of true objects; 0 gives NaN.
    """
    if not truth:
        return float("nan")
    recall, precision = matched / truth, matched / found
    best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0)
    return float(best[np.searchsorted(recall, LEVELS)].mean())


METRIC = Metric(count=count, finish=_finish)
