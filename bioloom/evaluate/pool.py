"""From images to counts, and from counts to ``metrics.csv`` and ``summary.csv``.

The table of a pack holds counts, which add up; ratios are taken once, at the end, so that pooled metrics are
exact::

    pack tables   image,class,metric,value     test_a,,matching:tp@0.5,41
        |                                      test_a,,baseline_matching:tp@0.5,35
        |-- per image ------> metrics.csv      test_a,,f1@0.5,0.93
        `-- sum of images --> summary.csv             ,f1@0.5,0.91
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any, TypeAlias

import pandas as pd

from bioloom.errors import BioLoomError
from bioloom.evaluate import METRICS
from bioloom.evaluate.channels import Channels
from bioloom.evaluate.comparison import compare
from bioloom.evaluate.metric import channel_of
from bioloom.evaluate.overlap import LabelImage
from bioloom.evaluate.point_cases import PointCase
from bioloom.measure.object_classes import class_channels

BASELINE = "baseline_"

Row: TypeAlias = tuple[str, str, str, float]
"""Image, class, metric, value."""
Sums: TypeAlias = dict[tuple[str, str], dict[str, list[float]]]
"""By metric and class: what is to be added up, by the name of the count."""


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
    classes : sequence of int
        The classes that can be predicted, where the ids are those of classes.
    spacing : sequence of float
        Voxel size in micrometres; 1 along every axis if left out.
    true_classes : mapping of int to str, optional
        The classes of the true objects, where these have some.
    usual_class : str
        The class of every object of the baseline, then.
    """

    image: str
    truth: LabelImage
    labels: LabelImage
    prediction: Any | None = None
    baseline: LabelImage | None = None
    classes: Sequence[int] = ()
    spacing: Sequence[float] = ()
    true_classes: Mapping[int, str] | None = None
    usual_class: str = ""

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels of the prediction that tell the classes of objects, where these are to be compared."""
        if self.true_classes is None or self.prediction is None:
            return ()
        return tuple(class_channels(self.prediction.channel_names))

    def compared(self, labels: Any, prediction: Channels | None = None, **judged: Any) -> Any:
        """Return what metrics count: the truth beside `labels`, see `bioloom.evaluate.comparison.compare`."""
        judged |= {"true_classes": self.true_classes, "usual_class": self.usual_class}
        return compare(self.truth, labels, prediction, **judged)


def pack_metrics(
    cases: Iterable[Case | PointCase],
    metrics: Sequence[Any],
    *,
    smallest_truth: int = 0,
    ignore: int | None = None,
) -> pd.DataFrame:
    """Count every metric on the images of one pack.

    Parameters
    ----------
    cases : iterable of Case
        The images, taken one at a time.
    metrics : sequence of options
        Options of entries of `METRICS`, each with the name of its metric.
    smallest_truth : int
        Voxels below which a true object on the border is left out, see `bioloom.evaluate.crumbs`.
    ignore : int, optional
        The id of true voxels that are not judged.

    Returns
    -------
    DataFrame
        Columns ``image,class,metric,value``; ``metric`` is ``<metric>:<count>``, with ``baseline_`` before it
        for the counts of the baseline.
    """
    rows: list[Row] = []
    for case in cases:
        try:
            rows += _counts(case, metrics, {"smallest_truth": smallest_truth, "ignore": ignore})
        except BioLoomError as error:
            raise BioLoomError(f"image {case.image}: {error}") from error
    return _table(rows)


def _counts(case: Case | PointCase, metrics: Sequence[Any], judged: dict[str, Any]) -> Iterator[Row]:
    how = {**judged, "classes": case.classes, "spacing": case.spacing}
    wanted = tuple(dict.fromkeys([*filter(None, map(channel_of, metrics)), *case.channels]))
    channels = Channels(case.prediction, wanted) if wanted and case.prediction is not None else None
    found = case.compared(case.labels, channels, **how)
    sources = [("", options, found) for options in metrics]
    if case.baseline is not None:
        found = case.compared(case.baseline, **how)
        sources += [(BASELINE, options, found) for options in metrics if channel_of(options) is None]
    for prefix, options, comparison in sources:
        for class_, values in METRICS[options.name].count(comparison, options).items():
            for name, value in values.items():
                yield case.image, class_, f"{prefix}{options.name}:{name}", value


def pool(tables: Iterable[pd.DataFrame], *, split: str | None = "test") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn the counts of packs into metrics, per image and over all images.

    Parameters
    ----------
    tables : iterable of DataFrame
        What `pack_metrics` returned for each pack; an image is in one of them.
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
    pooled: Sums = {}
    per_image: list[Row] = []
    for table in tables:
        images: dict[str, Sums] = {}
        classes = table["class"].astype(object).fillna("")
        for image, class_, metric, value in zip(
            table["image"], classes, table["metric"], table["value"], strict=True
        ):
            source, _, name = metric.partition(":")
            own = images.setdefault(image, {})
            for sums in (own, pooled) if split is None or image.startswith(f"{split}_") else (own,):
                sums.setdefault((source, class_), {}).setdefault(name, []).append(value)
        per_image += [(image, *row) for image, sums in images.items() for row in _finished(sums)]
    return _table(per_image), _table([("", *row) for row in _finished(pooled)]).drop(columns="image")


def _finished(counts: Sums) -> Iterator[tuple[str, str, float]]:
    """Yield class, metric and value: each metric makes its values of its summed counts."""
    for (source, class_), values in counts.items():
        prefix = BASELINE if source.startswith(BASELINE) else ""
        # fsum is correctly rounded, so that the order of packs and images does not show
        sums = {name: fsum(parts) for name, parts in values.items()}
        for name, value in METRICS[source.removeprefix(BASELINE)].finish(sums).items():
            yield class_, prefix + name, value


def _table(rows: Sequence[Row]) -> pd.DataFrame:
    columns = {"image": "str", "class": "str", "metric": "str", "value": "float64"}
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)
