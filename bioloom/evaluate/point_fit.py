"""The threshold of points, fitted on stored validation images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioloom.evaluate.point_cases import points_of_labels
from bioloom.evaluate.point_matching import match_points
from bioloom.geometry.box import Box
from bioloom.postprocess.calibrate import Calibration
from bioloom.postprocess.calibrate_points import fit_peaks
from bioloom.postprocess.crops import crops
from bioloom.preprocess.point_rules import TOLERANCE
from bioloom.settings.resolve import sizes
from bioloom.volumes.manifest import Entry, Stores
from bioloom.volumes.points import Points
from bioloom.volumes.store import open_volume


def fit_stored_points(
    predictions: Sequence[Entry], labels: Stores, operations: Sequence[Any], fingerprint: Mapping[str, Any]
) -> Calibration:
    """Choose the threshold of points on stored predictions, see `fit_peaks`.

    Points match within the tolerance of the fingerprint, and with their class where classes are learned.
    Each image has its own voxel size. Of a large one a few crops take part, see `bioloom.postprocess.crops`.

    Parameters
    ----------
    predictions : sequence of Entry
        The predictions of the validation images; none chooses nothing.
    labels : Stores
        Their true labels.
    operations : sequence
        The operations as configured.
    fingerprint : mapping
        The fingerprint.
    """
    settled = fingerprint["resolved"]
    tolerance = float(settled[TOLERANCE]["value"])
    truths = {entry.image: points_of_labels(labels[entry.image])[0] for entry in predictions}

    def places(entry: Entry, box: Box) -> NDArray[np.float64]:
        return truths[entry.image].inside(box).scores

    parts = [(entry, box) for entry in predictions for box in crops(entry.shape[1:], partial(places, entry))]

    def images() -> Iterator[tuple[NDArray[Any], Points, tuple[float, ...]]]:
        for entry, box in parts:
            volume = open_volume(entry.path)
            yield volume.read(box), truths[entry.image].inside(box), volume.spacing

    def score(truth: Points, found: Points, spacing: Sequence[float]) -> tuple[int, int, int]:
        named = any(found.classes)
        matches = match_points(truth, found, tolerance, spacing, by_class=named)
        return len(matches.truth), len(matches.invented), len(matches.missed)

    return fit_peaks(
        images(),
        operations,
        score,
        channels=open_volume(predictions[0].path).channel_names if predictions else (),
        defaults=sizes(settled),
    )
