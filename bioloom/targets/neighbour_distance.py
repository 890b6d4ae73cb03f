"""Neighbour distance: how near the next object is."""

from __future__ import annotations

from math import ceil
from typing import Literal

import numpy as np
from pydantic import Field

from bioloom.settings.base import Section
from bioloom.targets.base import Cut, Floats, Labels, Target, extended
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.seen import distance_to_unseen
from bioloom.targets.two_nearest import two_nearest


class NeighbourDistanceOptions(Section):
    """How near the next object is: 1 where objects touch, 0 where no other is near."""

    name: Literal["neighbour_distance"] = "neighbour_distance"
    """Name of the target."""
    reach: float = Field(1.0, gt=0, le=4)
    """How far from the next object the value falls to 0, in radii: inside of an object its own largest
    distance to its boundary, between objects the median of the training objects (above 0, up to 4)."""


class NeighbourDistance(Target):
    """1 where the second nearest object is a voxel away, falling with its distance to 0 at `reach` radii.

    Inside of an object the nearest one is itself, so the distance is that to the next. In the background the
    value is high only in the gaps between objects. Distances are taken between voxel centers, in micrometres;
    the voxel is as wide as the finest axis.

    After the neighbor distances of Scherr et al., PLoS ONE 15 (2020), which are relative to the largest one
    of each cell, and close the gaps by a filter.
    """

    activation = "sigmoid"
    # Cross-entropy with a target between 0 and 1 has its minimum where the output equals the target.
    losses = ({"name": "binary_cross_entropy"},)

    def margin(self, median_radius_um: float, spacing: tuple[float, ...]) -> tuple[int, ...]:
        """Return what settles the background and objects of up to twice the median radius."""
        return tuple(ceil(2 * self.options.reach * median_radius_um / step) for step in spacing)

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Measure distances; one is settled if nothing unseen is nearer, or if it is out of reach anyway.

        An object of unknown radius gets weight 0. See `Target.make`.
        """
        step = min(spacing)
        reach = np.full(labels.shape, self.options.reach * facts.median_radius_um)
        inside = np.nonzero(labels > 0)
        own = facts.distance_max_um[facts.rows(labels[inside])]
        measured = np.isfinite(own)
        reach[inside] = np.where(measured, self.options.reach * own, reach[inside])
        reach = np.maximum(reach, 1.5 * step)  # of tiny objects
        _, second = two_nearest(extended(labels), spacing, float(reach.max(initial=0)))
        unseen = distance_to_unseen(labels, spacing, cut)
        weight = ((second <= unseen) | (unseen >= reach)) & (labels >= 0)
        weight[inside] &= measured
        values = np.clip((reach - second) / (reach - step), 0, 1)
        return values.astype(np.float32)[None], weight.astype(np.float32)[None]
