"""Class overlap: how well each class covers what is of that class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import fsum, isnan
from typing import Literal

from bioloom.evaluate.comparison import Comparison
from bioloom.evaluate.metric import Counts, Metric, Values, ratio
from bioloom.settings.base import Section


class ClassOverlapOptions(Section):
    """IoU and Dice of every class, and their mean over classes."""

    name: Literal["class_overlap"] = "class_overlap"


def count(comparison: Comparison, options: ClassOverlapOptions) -> Counts:
    """Count for every class its voxels in the truth, in the prediction and in both."""
    table = comparison.table
    by_class = {}
    for id_ in comparison.classes:
        true, predicted = table.truth == id_, table.labels == id_
        by_class[str(id_)] = {
            "truth": float(table.voxels[true].sum()),
            "predicted": float(table.voxels[predicted].sum()),
            "both": float(table.voxels[true & predicted].sum()),
        }
    return with_all(by_class)


def _finish(counts: Values) -> dict[str, float]:
    """Jaccard index (1912) and Dice coefficient (Dice, Ecology 26, 1945); 0/0 is NaN."""
    return of_class_or_mean(counts, _of_class)


def _of_class(counts: Values) -> dict[str, float]:
    true, predicted, both = counts["truth"], counts["predicted"], counts["both"]
    return {"iou": ratio(both, true + predicted - both), "dice": ratio(2 * both, true + predicted)}


def with_all(by_class: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return counts by class and, for no class, those of all classes under names such as ``both@2``."""
    together = {
        f"{name}@{class_}": value for class_, counts in by_class.items() for name, value in counts.items()
    }
    return {"": together, **{class_: dict(counts) for class_, counts in by_class.items()}}


def of_class_or_mean(counts: Values, of_class: Callable[[Values], dict[str, float]]) -> dict[str, float]:
    """Return the values of one class, or from the counts of all classes the mean over those with a value.

    Of two classes, one of which is the background (0), the mean is the value of the other alone: what is
    usually meant by the IoU of a mask.
    """
    if not any("@" in name for name in counts):
        return of_class(counts)
    by_class: dict[str, dict[str, float]] = {}
    for name, value in counts.items():
        what, _, class_ = name.partition("@")
        by_class.setdefault(class_, {})[what] = value
    if len(by_class) == 2:
        by_class.pop("0", None)
    values = [of_class(own) for own in by_class.values()]
    return {name: _mean([own[name] for own in values]) for name in values[0]}


def _mean(values: list[float]) -> float:
    known = [value for value in values if not isnan(value)]
    return ratio(fsum(known), len(known))


METRIC = Metric(count=count, finish=_finish, truths=("classes",))
