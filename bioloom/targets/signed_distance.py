"""Signed distance: how far a voxel is from the boundary, positive inside of objects and negative outside."""

from __future__ import annotations

from math import ceil
from typing import Literal

import edt
import numpy as np
from pydantic import Field

from bioloom.settings.base import Section
from bioloom.targets.base import Cut, Floats, Labels, Target, extended
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.seen import distance_to_unseen


class SignedDistanceOptions(Section):
    """How far a voxel is from the boundary: positive inside of objects, negative outside."""

    name: Literal["signed_distance"] = "signed_distance"
    """Name of the target."""
    scale: Literal["object", "median"] = "object"
    """Distances inside are divided by the object's own largest distance (`object`: every object peaks at 1)
    or by the median of the training objects (`median`). Those outside are divided by the median."""
    limit: float = Field(1.0, gt=0, le=8)
    """The largest absolute value, in those units (above 0, up to 8): farther voxels have this value."""
    shape: Literal["linear", "tanh"] = "linear"
    """`linear`, or `tanh` of it: steep at the boundary and flat away from it."""


class SignedDistance(Target):
    """Euclidean distance to the nearest voxel on the other side of the boundary, in units of a radius.

    Inside that is the nearest voxel of another label, outside the nearest voxel of an object. Distances are
    taken between voxel centers, in micrometres; the border of the image is no boundary. One channel tells
    both the foreground (above 0) and the middle of objects.
    """

    activation = "linear"
    losses = ({"name": "l1"},)

    def margin(self, median_radius_um: float, spacing: tuple[float, ...]) -> tuple[int, ...]:
        """Return what settles the background and objects of up to twice the median radius."""
        reach = max(2.0, self.options.limit) * median_radius_um
        return tuple(ceil(reach / step) for step in spacing)

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Measure distances; one is settled if nothing unseen is nearer, or if it is beyond `limit` anyway.

        An object of unknown radius gets weight 0. See `Target.make`.
        """
        known = np.ascontiguousarray(extended(labels))
        away = np.ascontiguousarray(known == 0).view(np.uint8)
        distance, outside = (
            edt.edt(array, anisotropy=spacing, black_border=False, parallel=1) for array in (known, away)
        )
        distance = np.maximum(distance, outside)  # one of the two is 0
        radius = np.full(labels.shape, facts.median_radius_um, np.float32)
        inside = np.nonzero(labels > 0)
        own = facts.distance_max_um[facts.rows(labels[inside])]
        measured = np.isfinite(own)
        radius[inside] = np.where(measured, own, 1) if self.options.scale == "object" else radius[inside]

        limit = np.float32(self.options.limit)
        unseen = distance_to_unseen(labels, spacing, cut)
        weight = ((distance <= unseen) | (unseen >= limit * radius)) & (labels >= 0)
        weight[inside] &= measured
        values = np.minimum(distance / radius, limit)
        values = np.where(known > 0, values, -values)
        if self.options.shape == "tanh":
            values = np.tanh(values)
        return values.astype(np.float32)[None], weight.astype(np.float32)[None]
