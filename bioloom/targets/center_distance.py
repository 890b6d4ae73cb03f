"""Center distance: how far a voxel of an object is from its center."""

from __future__ import annotations

from typing import Literal

import numpy as np

from bioloom.settings.base import Section
from bioloom.targets.base import Cut, Floats, Labels, Target
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.offset import offsets


class CenterDistanceOptions(Section):
    """How far a voxel of an object is from its center."""

    name: Literal["center_distance"] = "center_distance"
    """Name of the target."""


class CenterDistance(Target):
    """Distance to the object's center in units of the object's reach, at most 1; 1 in the background.

    Distances are in micrometres. The reach is how far the whole object goes from its center along an axis.
    """

    activation = "sigmoid"
    # Cross-entropy with a target between 0 and 1 has its minimum where the output equals the target.
    losses = ({"name": "binary_cross_entropy"},)
    uses_centers = True

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Measure distances; an object that is not known whole has no center and gets weight 0."""
        vectors, weight = offsets(labels, facts, spacing)
        values = np.ones(labels.shape, np.float32)
        inside = labels > 0
        values[inside] = np.minimum(np.linalg.norm(vectors[:, inside], axis=0), 1)
        return values[None], weight[None]
