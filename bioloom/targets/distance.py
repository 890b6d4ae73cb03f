"""Distance: how far a voxel of an object is from its boundary."""

from __future__ import annotations

from math import ceil
from typing import Literal

import edt
import numpy as np

from bioloom.settings.base import Section
from bioloom.targets.base import Cut, Floats, Labels, Target, distance_to_cut, extended
from bioloom.targets.facts import ObjectFacts


class DistanceOptions(Section):
    """How far a voxel of an object is from its boundary."""

    name: Literal["distance"] = "distance"
    """Name of the target."""
    scale: Literal["object", "median"] = "object"
    """Distances are divided by the object's own largest distance (`object`: every object peaks at 1, small
    ones count as much as large ones) or by the median of the training objects (`median`)."""


class Distance(Target):
    """Euclidean distance to the nearest voxel of another label, divided by a radius; 0 in the background.

    The distance is taken between voxel centers, in micrometres, and the border of the image is no boundary.
    """

    activation = "linear"
    losses = ({"name": "l1"},)

    def margin(self, median_radius_um: float, spacing: tuple[float, ...]) -> tuple[int, ...]:
        """Return twice the median radius, which settles objects of up to that radius. See `Target.margin`."""
        return tuple(ceil(2 * median_radius_um / step) for step in spacing)

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Measure distances; one is settled if no cut is nearer than the boundary found. See `Target.make`.

        With ``scale="object"`` values are limited to 1: the object table's distance may be a little too
        small after a geometric map. An object without any boundary, or of unknown radius, gets weight 0.
        """
        distance = edt.edt(
            np.ascontiguousarray(extended(labels)), anisotropy=spacing, black_border=False, parallel=1
        )
        settled = np.isfinite(distance) & (distance <= distance_to_cut(labels.shape, spacing, cut))
        inside = np.nonzero((labels > 0) & settled)
        values = np.zeros(labels.shape, np.float32)
        radius = facts.distance_max_um[facts.rows(labels[inside])]
        if self.options.scale == "object":
            values[inside] = np.minimum(distance[inside] / radius, 1.0)
        else:
            values[inside] = distance[inside] / facts.median_radius_um
        weight = (labels == 0).astype(np.float32)
        weight[inside] = np.isfinite(radius)
        return values[None], weight[None]
