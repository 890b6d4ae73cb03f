"""From images to counts, and from counts to ``metrics.csv`` and ``summary.csv``.

The table of a pack holds counts, which add up; ratios are taken once, at the end, so that pooled metrics are
exact::

    pack tables   image,class,metric,value     test_a,,matching:tp@0.5,41
        |                                      test_a,,baseline_matching:tp@0.5,35
        |-- per image ------> metrics.csv      test_a,,f1@0.5,0.93
        `-- sum of images --> summary.csv             ,f1@0.5,0.91
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bioloom.evaluate import METRICS
from bioloom.evaluate.metric import rows
from bioloom.evaluate.overlap import LabelImage

BASELINE = "baseline_"


@dataclass(frozen=True)
class Case:
    """One image to be evaluated.

    Parameters
    ----------
    image : str
        Its id.
    truth, labels : (*spatial) integer
        True and predicted object ids, 0 for background.
    spacing : sequence of float
        Voxel size in micrometres, spatial order.
    baseline : (*spatial) integer, optional
        What the trivial baseline predicts.
    """

    image: str
    truth: LabelImage
    labels: LabelImage
    spacing: Sequence[float]
    baseline: LabelImage | None = None


def pack_metrics(cases: Iterable[Case], metrics: Sequence[Any]) -> pd.DataFrame:
    """Count every metric on the images of one pack.

    Parameters
    ----------
    cases : iterable of Case
        The images, taken one at a time.
    metrics : sequence of options
        Options of entries of `METRICS`, each with the name of its metric.

    Returns
    -------
    DataFrame
        Columns ``image,class,metric,value``; ``metric`` is ``<metric>:<count>``, with ``baseline_`` before it
        for the counts of the baseline.
    """
    parts = []
    for case in cases:
        predictions = {"": case.labels, BASELINE: case.baseline}
        for prefix, labels in predictions.items():
            if labels is None:
                continue
            for options in metrics:
                table = METRICS[options.name].count(case.truth, labels, case.spacing, options)
                table["metric"] = [f"{prefix}{options.name}:{count}" for count in table["metric"]]
                table.insert(0, "image", case.image)
                parts.append(table)
    return _joined(parts)


def pool(tables: Iterable[pd.DataFrame], *, split: str | None = "test") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn the counts of packs into metrics, per image and over all images.

    Parameters
    ----------
    tables : iterable of DataFrame
        What `pack_metrics` returned for each pack.
    split : str, optional
        Only images of this split (ids begin with it and ``_``) enter the summary; all images when None.

    Returns
    -------
    metrics : DataFrame
        Columns ``image,class,metric,value``: the metrics of every image, 0/0 as NaN.
    summary : DataFrame
        Columns ``class,metric,value``: the metrics of the counts summed over images, so that an image without
        objects adds nothing.
    """
    counts = _joined(list(tables))
    counts["class"] = counts["class"].fillna("")
    per_image = []
    for image, part in counts.groupby("image", sort=False):
        table = _finish(part)
        table.insert(0, "image", str(image))
        per_image.append(table)
    chosen = counts if split is None else counts[counts["image"].str.startswith(f"{split}_")]
    return _joined(per_image), _finish(chosen)


def _finish(counts: pd.DataFrame) -> pd.DataFrame:
    """Sum counts by class and name, and let each metric make its values of the sums."""
    if not len(counts):
        return rows({})
    source = counts["metric"].str.partition(":")
    parts = []
    for name, part in counts.assign(metric=source[2]).groupby(source[0], sort=False):
        prefix = BASELINE if str(name).startswith(BASELINE) else ""
        sums = part.groupby(["class", "metric"], sort=False)["value"].sum()
        table = METRICS[str(name).removeprefix(BASELINE)].finish(sums.reset_index())
        parts.append(table.assign(metric=prefix + table["metric"]))
    return pd.concat(parts, ignore_index=True)


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    empty = rows({})
    empty.insert(0, "image", pd.Series([], dtype="str"))
    return pd.concat([empty, *parts], ignore_index=True)
