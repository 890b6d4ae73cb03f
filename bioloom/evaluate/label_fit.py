"""The thresholds of labels, fitted on stored validation images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from numpy.typing import NDArray

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

    def truth(entry: Entry, box: Box) -> NDArray[Any]:
        return open_volume(labels[entry.image]).read(box)[0]

    parts = [(entry, box) for entry in predictions for box in crops(entry.shape[1:], partial(truth, entry))]

    def images() -> Iterator[tuple[NDArray[Any], NDArray[Any], tuple[float, ...]]]:
        for entry, box in parts:
            volume = open_volume(entry.path)
            yield volume.read(box), truth(entry, box), volume.spacing

    return fit_thresholds(
        images(),
        operations,
        match_counts,
        channels=open_volume(predictions[0].path).channel_names if predictions else (),
        defaults=sizes(fingerprint["resolved"]),
    )
