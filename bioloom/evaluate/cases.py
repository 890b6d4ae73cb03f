"""The images of a pack that are evaluated, opened one after the other, by what the outputs are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from bioloom.errors import BioLoomError
from bioloom.evaluate.baselines import Baseline
from bioloom.evaluate.overlap import VolumeLabels
from bioloom.evaluate.point_cases import PointCase, point_case
from bioloom.evaluate.pool import Case
from bioloom.measure.object_classes import class_channels
from bioloom.volumes.manifest import Entry, Stores
from bioloom.volumes.object_classes import read_classes
from bioloom.volumes.store import open_volume

LARGEST_BASELINE = 2**24
"""Values of the largest image that gets a baseline, which holds it in memory: about 1 GB."""


@dataclass(frozen=True)
class CaseFiles:
    """What the images of a pack are evaluated with.

    Parameters
    ----------
    images, labels : Stores
        The images and their true labels.
    predictions : Stores, optional
        The predictions, for metrics that score objects by a channel.
    fingerprint : mapping, optional
        The fingerprint, for what metrics of points leave to ``auto``.
    without_learning : callable, optional
        The trivial baseline; none if left out.
    """

    images: Stores
    labels: Stores
    predictions: Stores | None = None
    fingerprint: Mapping[str, Any] | None = None
    without_learning: Baseline | None = None

    @property
    def usual_class(self) -> str:
        """The class of most training objects, empty if they have none."""
        known = self.fingerprint["facts"].get("class_objects", {}) if self.fingerprint else {}
        return max(known, key=known.__getitem__, default="")

    def baseline(self, image: str, classes: Sequence[int] = ()) -> np.ndarray | None:
        """Return what the baseline makes of an image, None for one that is too large for it."""
        picture = open_volume(self.images[image])
        if self.without_learning is None:
            return None
        if prod(picture.shape) > LARGEST_BASELINE:
            logging.info("%s: too large for the baseline (over %d values)", image, LARGEST_BASELINE)
            return None
        return self.without_learning(picture.read(), picture.spacing, classes)


def open_labels(output: Entry, files: CaseFiles) -> Case:
    """Open an image whose output is a label image or a class map."""
    volume = open_volume(output.path)
    classes = volume.facts.get("classes", ())
    truth, prediction = files.labels[output.image], None
    if files.predictions is not None:
        prediction = open_volume(files.predictions[output.image])
    told = prediction is not None and class_channels(prediction.channel_names)
    return Case(
        output.image,
        VolumeLabels(open_volume(truth)),
        VolumeLabels(volume),
        prediction,
        files.baseline(output.image, classes),
        classes,
        open_volume(files.images[output.image]).spacing,
        read_classes(truth) if told else None,
        files.usual_class,
    )


def open_points(output: Entry, files: CaseFiles) -> PointCase:
    """Open an image whose output is a table of points.

    Raises
    ------
    BioLoomError
        If there is no fingerprint.
    """
    if files.fingerprint is None:
        raise BioLoomError(
            "there is no fingerprint, which says how far apart matching points may be",
            fix="give fingerprint.yaml (--fingerprint)",
        )
    channels: Sequence[str] = ()
    if files.predictions is not None:
        channels = open_volume(files.predictions[output.image]).channel_names
    truth, without_learning = files.labels[output.image], files.baseline(output.image)
    return point_case(output, truth, files.fingerprint, channels, without_learning)


OPENING: Mapping[str, Callable[[Entry, CaseFiles], Case | PointCase]] = {
    "labels": open_labels,
    "classes": open_labels,
    "points": open_points,
}
"""For every product of a task what opens an image of it."""
