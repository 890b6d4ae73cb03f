"""Center: one peak per object, as wide as the object allows."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from bioloom.settings.base import Section
from bioloom.targets.base import Cut, Floats, Labels, Target
from bioloom.targets.facts import ObjectFacts


class CenterOptions(Section):
    """One peak per object, as wide as the object allows."""

    name: Literal["center"] = "center"
    """Name of the target."""
    sigma: float = Field(0.5, gt=0, le=10)
    """Standard deviation of the peak, in the object's largest distances to its boundary (above 0)."""


class Center(Target):
    """A Gaussian of the distance to the object's center, 0 outside of the object.

    Distances are in micrometres. The center is the voxel at the centroid of the whole object, so that small
    and flat objects peak at 1, too; it can lie outside of a window. An object whose centroid lies outside of
    itself (a crescent) is to be given by its voxel nearest to it, see `bioloom.train.images`.
    """

    activation = "sigmoid"
    # Cross-entropy with a target between 0 and 1 has its minimum where the output equals the target.
    losses = ({"name": "binary_cross_entropy"},)
    uses_centers = True

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Draw the peaks; an object of unknown radius has no width and gets weight 0. See `Target.make`."""
        values = np.zeros(labels.shape, np.float32)
        weight = (labels >= 0).astype(np.float32)
        inside = np.nonzero(labels > 0)
        rows = facts.rows(labels[inside])
        peaks = np.floor(facts.centroids + 0.5)
        squared = np.zeros(len(rows))
        for axis, position in enumerate(inside):
            squared += ((position - peaks[rows, axis]) * spacing[axis]) ** 2
        width = self.options.sigma * facts.distance_max_um[rows]
        defined = np.isfinite(width) & (width > 0)
        values[inside] = np.exp(-squared / (2 * np.where(defined, width, 1.0) ** 2))
        weight[inside] *= defined
        return values[None], weight[None]
