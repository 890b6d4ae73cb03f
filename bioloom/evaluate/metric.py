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

import pandas as pd

from bioloom.evaluate.comparison import Comparison

Count: TypeAlias = Callable[[Comparison, Any], pd.DataFrame]
Finish: TypeAlias = Callable[[pd.DataFrame], pd.DataFrame]

COLUMNS = ["class", "metric", "value"]
IMAGES = "images_"
"""Begins the name of the count that says of how many images a value is the sum."""


@dataclass(frozen=True)
class Metric:
    """An entry of the table of metrics.

    Options with a field ``channel`` make the means of that channel of the prediction over each predicted
    object known to `count`; such a metric is left out for the baseline, which predicts no channels.

    Parameters
    ----------
    count : callable (comparison, options) -> DataFrame
        Rows ``class,metric,value`` of one image, where ``metric`` names a count and ``value`` may be added to
        that of other images. A count that is not there is 0.
    finish : callable (counts) -> DataFrame
        Rows ``class,metric,value`` of metrics, from the counts of one image or the sum of many. 0/0 is NaN.
    averaged : bool
        Whether the counts are those of `image_values`, so that over several images `finish` gives a mean.
    """

    count: Count
    finish: Finish
    averaged: bool = False


def channel_of(options: Any) -> str | None:
    """Return the channel of the prediction that a metric with these options looks at, None if at none."""
    return getattr(options, "channel", None)


def rows(values: Mapping[str, float], class_: str = "") -> pd.DataFrame:
    """Return a table ``class,metric,value`` of one class from its named values."""
    table = {"class": class_, "metric": list(values), "value": [float(value) for value in values.values()]}
    return pd.DataFrame(table, columns=COLUMNS).astype({"class": "str", "metric": "str", "value": "float64"})


def finish_by_class(function: Callable[[Mapping[str, float]], Mapping[str, float]]) -> Finish:
    """Make a `Metric.finish` of a function that turns the counts of one class into its metrics."""

    def finish(counts: pd.DataFrame) -> pd.DataFrame:
        parts = [
            rows(function(dict(zip(part["metric"], part["value"], strict=True))), str(class_))
            for class_, part in counts.groupby("class", sort=False)
        ]
        return pd.concat(parts, ignore_index=True) if parts else rows({})

    return finish


def image_values(values: Mapping[str, float]) -> pd.DataFrame:
    """Return the counts of values that belong to a whole image; NaN counts as no image."""
    known = {name: not isnan(value) for name, value in values.items()}
    sums = {name: value if known[name] else 0.0 for name, value in values.items()}
    return rows(sums | {IMAGES + name: float(there) for name, there in known.items()})


def mean_over_images(counts: Mapping[str, float]) -> dict[str, float]:
    """Return the means from the sums of what `image_values` made of each image."""
    names = [name for name in counts if not name.startswith(IMAGES)]
    return {name: ratio(counts[name], counts[IMAGES + name]) for name in names}


def ratio(numerator: float, denominator: float) -> float:
    """Return the quotient, NaN where the denominator is 0: nothing was asked, so nothing is answered."""
    return numerator / denominator if denominator else float("nan")
