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

from bioloom.errors import BioLoomError
from bioloom.evaluate import METRICS
from bioloom.evaluate.channels import Channels
from bioloom.evaluate.comparison import Comparison, compare
from bioloom.evaluate.metric import channel_of, rows
from bioloom.evaluate.overlap import LabelImage

BASELINE = "baseline_"
LARGEST_BASELINE = 2**24
"""Values of the largest image that gets a baseline, which holds it in memory: about 1 GB."""


@dataclass(frozen=True)
class Case:
    """One image to be evaluated.

    Parameters
    ----------
    image : str
        Its id.
    truth, labels : (*spatial) integer
        True and predicted object ids, 0 for background.
    prediction : Volume, optional
        The channels that the labels were made of, for metrics that score objects by one of them.
    baseline : (*spatial) integer, optional
        What the trivial baseline predicts.
    """

    image: str
    truth: LabelImage
    labels: LabelImage
    prediction: Any | None = None
    baseline: LabelImage | None = None


def pack_metrics(cases: Iterable[Case], metrics: Sequence[Any], *, smallest_truth: int = 0) -> pd.DataFrame:
    """Count every metric on the images of one pack.

    Parameters
    ----------
    cases : iterable of Case
        The images, taken one at a time.
    metrics : sequence of options
        Options of entries of `METRICS`, each with the name of its metric.
    smallest_truth : int
        Voxels below which a true object on the border is left out, see `bioloom.evaluate.crumbs`.

    Returns
    -------
    DataFrame
        Columns ``image,class,metric,value``; ``metric`` is ``<metric>:<count>``, with ``baseline_`` before it
        for the counts of the baseline.
    """
    parts: list[pd.DataFrame] = []
    for case in cases:
        try:
            parts += _case_counts(case, metrics, smallest_truth)
        except BioLoomError as error:
            raise BioLoomError(f"image {case.image}: {error}") from error
    return _joined(parts)


def _case_counts(case: Case, metrics: Sequence[Any], smallest_truth: int) -> list[pd.DataFrame]:
    wanted = tuple(dict.fromkeys(filter(None, map(channel_of, metrics))))
    channels = Channels(case.prediction, wanted) if wanted and case.prediction is not None else None
    found = compare(case.truth, case.labels, channels, smallest_truth=smallest_truth)
    parts = [_counts(case.image, "", found, options) for options in metrics]
    if case.baseline is not None:
        found = compare(case.truth, case.baseline, smallest_truth=smallest_truth)
        without = (options for options in metrics if channel_of(options) is None)
        parts += [_counts(case.image, BASELINE, found, options) for options in without]
    return parts


def _counts(image: str, prefix: str, comparison: Comparison, options: Any) -> pd.DataFrame:
    table = METRICS[options.name].count(comparison, options)
    table["metric"] = [f"{prefix}{options.name}:{count}" for count in table["metric"]]
    table.insert(0, "image", image)
    return table


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
        objects adds nothing; means over images of what cannot be pooled.
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
