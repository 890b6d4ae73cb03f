"""Foreground: how well the objects cover what is object at all, whatever their ids."""

from __future__ import annotations

from typing import Literal

from bioloom.evaluate.comparison import Comparison
from bioloom.evaluate.metric import Counts, Metric, Values, ratio, without_class
from bioloom.settings.base import Section


class ForegroundOptions(Section):
    """Overlap of all predicted with all true objects."""

    name: Literal["foreground"] = "foreground"


def count(comparison: Comparison, options: ForegroundOptions) -> Counts:
    """Count the foreground voxels of the truth, of the prediction and of both."""
    table = comparison.table
    true, predicted = table.truth > 0, table.labels > 0
    return without_class(
        {
            "truth": table.voxels[true].sum(),
            "predicted": table.voxels[predicted].sum(),
            "both": table.voxels[true & predicted].sum(),
        }
    )


def _finish(counts: Values) -> dict[str, float]:
    """Jaccard index (1912) and Dice coefficient (Dice, Ecology 26, 1945) of the foreground; 0/0 is NaN."""
    true, predicted, both = counts["truth"], counts["predicted"], counts["both"]
    return {
        "foreground_iou": ratio(both, true + predicted - both),
        "foreground_dice": ratio(2 * both, true + predicted),
    }


METRIC = Metric(count=count, finish=_finish, truths=("objects", "classes"))
