"""The thresholds of labels, fitted on stored validation images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from bioloom.evaluate.matching import match_counts
from bioloom.geometry.box import Box
from bioloom.postprocess.calibrate import Calibration, fit_thresholds
from bioloom.postprocess.crops import crops
from bioloom.settings.resolve import sizes
from bioloom.volumes.manifest import Entry, Stores
from bioloom.volumes.store import open_volume


def fit_stored_labels(
    predictions: Sequence[Entry], labels: Stores, operations: Sequence[Any], fingerprint: Mapping[str, Any]
) -> Calibration:
    """Choose thresholds on stored predictions, see `bioloom.postprocess.calibrate.fit_thresholds`.

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
    first = open_volume(predictions[0].path) if predictions else None

    def truth(entry: Entry, box: Box) -> Any:
        return open_volume(labels[entry.image]).read(box)[0]

    parts = [(entry, box) for entry in predictions for box in crops(entry.shape[1:], partial(truth, entry))]
    return fit_thresholds(
        (open_volume(entry.path).read(box) for entry, box in parts),
        (truth(entry, box) for entry, box in parts),
        operations,
        match_counts,
        channels=first.channel_names if first else (),
        spacing=first.spacing if first else (),
        defaults=sizes(fingerprint["resolved"]),
    )
