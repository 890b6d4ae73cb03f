"""Images whose points are evaluated: the true points from their labels, the predicted ones from a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bioloom.evaluate.point_matching import PointComparison
from bioloom.measure.points import measure_points, true_points
from bioloom.preprocess.point_rules import TOLERANCE
from bioloom.volumes.manifest import Entry
from bioloom.volumes.points import Points, read_points
from bioloom.volumes.store import Volume, open_volume

CLASS_CHANNEL = "points-"
"""Begins the names of the channels that tell the classes of points."""


@dataclass(frozen=True)
class PointCase:
    """One image to be evaluated.

    Parameters
    ----------
    image : str
        Its id.
    truth, labels : Points
        True and predicted points.
    tolerance_um : float
        What metrics leave to ``auto``.
    spacing : sequence of float
        Voxel size in micrometres.
    baseline : Points, optional
        What the trivial baseline predicts.
    """

    image: str
    truth: Points
    labels: Points
    tolerance_um: float
    spacing: Sequence[float]
    baseline: Points | None = None
    prediction: None = None
    classes: Sequence[int] = ()
    channels: Sequence[str] = ()

    def compared(self, labels: Any, prediction: Any = None, **judged: Any) -> PointComparison:
        """Return what metrics count; nothing that concerns voxels is judged."""
        return PointComparison(self.truth, labels, tuple(self.spacing), self.tolerance_um)


def points_of_labels(labels: Path) -> tuple[Points, Volume]:
    """Return the true points of a store of labels, and the store."""
    volume = open_volume(labels)
    return true_points(measure_points(volume, image_id=labels.stem), volume.ndim), volume


def point_case(
    output: Entry,
    labels: Path,
    fingerprint: Mapping[str, Any],
    channels: Sequence[str] = (),
    baseline: np.ndarray | None = None,
) -> PointCase:
    """Return one image to be evaluated.

    Parameters
    ----------
    output : Entry
        The table of the predicted points.
    labels : Path
        The store of the true labels.
    fingerprint : mapping
        The fingerprint; it knows the tolerance and the classes of the training points.
    channels : sequence of str, optional
        The channels of the prediction, which say whether the run learns classes; without them the predicted
        points say it, if there are any.
    baseline : (*spatial) integer, optional
        The regions that the trivial baseline finds.
    """
    truth, volume = points_of_labels(labels)
    found = read_points(output.path)
    tolerance = float(fingerprint["resolved"][TOLERANCE]["value"])
    told = _tells_classes(channels, found)
    if not told:
        truth = replace(truth, classes=np.full(len(truth), "", object))
    case = PointCase(output.image, truth, found, tolerance, volume.spacing)
    if baseline is None:
        return case
    known = fingerprint["facts"].get("class_objects", {}) if told else {}
    commonest = max(known, key=lambda class_: known[class_], default="")
    return replace(case, baseline=centers_of_regions(baseline, commonest))


def _tells_classes(channels: Sequence[str], found: Points) -> bool:
    """Say whether a run tells classes of points; an image in which nothing was found does not know."""
    if channels:
        return any(name.startswith(CLASS_CHANNEL) for name in channels)
    return len(found) == 0 or any(found.classes)


def centers_of_regions(regions: np.ndarray, class_: str) -> Points:
    """Return the centroid of every region, all of one class.

    Parameters
    ----------
    regions : (*spatial) integer
        Ids 1..n, 0 for background.
    class_ : str
        Their class: the commonest of the training points is the best guess without looking.
    """
    from scipy.ndimage import center_of_mass

    count = int(regions.max(initial=0))
    places = center_of_mass(regions > 0, regions, np.arange(1, count + 1)) if count else []
    return Points.of(np.array(places, np.float64).reshape(count, regions.ndim), [class_] * count)
