"""What a metric is: counts of one image that may be added up, and the values that follow from the sum."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd

from bioloom.evaluate.overlap import LabelImage

Count: TypeAlias = Callable[[LabelImage, LabelImage, Sequence[float], Any], pd.DataFrame]
Finish: TypeAlias = Callable[[pd.DataFrame], pd.DataFrame]

COLUMNS = ["class", "metric", "value"]


@dataclass(frozen=True)
class Metric:
    """An entry of the table of metrics.

    Parameters
    ----------
    count : callable (truth, labels, spacing, options) -> DataFrame
        Rows ``class,metric,value`` of one image, where ``metric`` names a count and ``value`` may be added to
        that of other images. `truth` and `labels` are (*spatial) arrays of ids, or anything of that shape
        that is sliced along its first axis, such as a zarr array; `spacing` is the voxel size in micrometres.
    finish : callable (counts) -> DataFrame
        Rows ``class,metric,value`` of metrics, from the counts of one image or the sum of many. 0/0 is NaN.
    """

    count: Count
    finish: Finish


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


def ratio(numerator: float, denominator: float) -> float:
    """Return the quotient, NaN where the denominator is 0: nothing was asked, so nothing is answered."""
    return numerator / denominator if denominator else float("nan")
