"""What a metric is: counts of one image that may be added up, and the values that follow from the sum.

Most metrics are ratios of counts, so the sum over images gives the pooled value exactly. Some are not made of
anything that adds up over images, such as the adjusted Rand index. Their counts are the value itself and how
many images it is of, 1 or 0; the sums of both give the mean over images::

    counts      ari   images_ari                 finish
    image a     0.8   1                          ari = 0.8
    image b     0     0   (nothing to compare)   ari = NaN
    a + b       0.8   1                          ari = 0.8
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any, TypeAlias

Values: TypeAlias = Mapping[str, float]
"""Counts or metrics of one class, by name."""
Counts: TypeAlias = Mapping[str, Values]
"""Counts by class; the class is empty where there is none."""

IMAGES = "images_"
"""Begins the name of the count that says of how many images a value is the sum."""


@dataclass(frozen=True)
class Metric:
    """An entry of the table of metrics.

    Options with a field ``channel`` make the means of that channel of the prediction over each predicted
    object known to `count`; such a metric is left out for the baseline, which predicts no channels.

    Parameters
    ----------
    count : callable (comparison, options) -> Counts
        What is counted in one image, a `Comparison` of labels or a `PointComparison`; each value may be added
        to that of other images. A count that is not there is 0.
    finish : callable (values) -> Values
        The metrics of one class, from its counts in one image or their sums over many. 0/0 is NaN.
    truths : tuple of str
        What the labels may tell (see `bioloom.tasks.record`) for the metric to make sense.
    averaged : bool
        Whether the counts are those of `image_values`, so that over several images `finish` gives a mean.
    """

    count: Callable[[Any, Any], Counts]
    finish: Callable[[Values], Values]
    truths: tuple[str, ...] = ("objects",)
    averaged: bool = False


def channel_of(options: Any) -> str | None:
    """Return the channel of the prediction that a metric with these options looks at, None if at none."""
    return getattr(options, "channel", None)


def without_class(values: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return named numbers as the counts of no class."""
    return {"": {name: float(value) for name, value in values.items()}}


def image_values(values: Values) -> dict[str, dict[str, float]]:
    """Return the counts of values that belong to a whole image; NaN counts as no image."""
    known = {name: not isnan(value) for name, value in values.items()}
    sums = {name: value if known[name] else 0 for name, value in values.items()}
    return without_class(sums | {IMAGES + name: there for name, there in known.items()})


def mean_over_images(counts: Values) -> dict[str, float]:
    """Return the means from the sums of what `image_values` made of each image."""
    names = [name for name in counts if not name.startswith(IMAGES)]
    return {name: ratio(counts[name], counts[IMAGES + name]) for name in names}


def ratio(numerator: float, denominator: float) -> float:
    """Return the quotient, NaN where the denominator is 0: nothing was asked, so nothing is answered."""
    return numerator / denominator if denominator else float("nan")
