"""Stars: how far it is to the boundary of the object in many directions."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from bioloom.settings.base import Auto, Section
from bioloom.targets.base import Channel, Cut, Floats, Labels, Target
from bioloom.targets.distance import Distance, DistanceOptions
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.rays import ray_directions, ray_distances

RAYS = {2: 32, 3: 64}
"""The number of rays by default."""


class StarsOptions(Section):
    """How far it is to the boundary in many directions: an object as a star, and how deep a voxel lies."""

    name: Literal["stars"] = "stars"
    """Name of the target."""
    rays: Annotated[int, Field(ge=8, le=256)] | Auto = "auto"
    """Number of directions, 8 to 256; `auto` is 32 in 2D and 64 in 3D. In 2D multiples of 4 can be turned,
    so that `infer.orientations` has an effect."""


class Stars(Target):
    """An object probability, and along every ray the distance to where it leaves the object.

    Probability is the distance to the boundary by the object's largest one (Schmidt et al., Cell detection
    with star-convex polygons, MICCAI 2018; in 3D Weigert et al., WACV 2020). Distances are taken in
    micrometres and divided by the median radius of the training objects, and count inside of objects only.
    A ray that reaches a cut or the border of the image before it leaves the object has weight 0.
    """

    activation = "linear"
    losses = (
        {"name": "binary_cross_entropy", "target": "stars-probability"},
        {"name": "l1", "target": "stars-ray"},
    )

    def channels(self, ndim: int) -> tuple[Channel, ...]:
        """Return the probability and the rays, each with its direction."""
        rays = ray_directions(self._count(ndim), ndim).tolist()
        return (
            Channel("stars-probability", "sigmoid"),
            *(Channel(f"stars-ray-{n}", self.activation, direction=tuple(ray)) for n, ray in enumerate(rays)),
        )

    def margin(self, median_radius_um: float, spacing: tuple[float, ...]) -> tuple[int, ...]:
        """Return twice the median radius, the longest ray of a median object. See `Target.margin`."""
        return tuple(ceil(2 * median_radius_um / step) for step in spacing)

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """March along every ray. See `Target.make`."""
        depth, depth_weight = Distance(DistanceOptions()).make(labels, facts, spacing, cut)
        distance, known = ray_distances(
            labels, ray_directions(self._count(labels.ndim), labels.ndim), spacing
        )
        # a ray without an end is taken for one as long as the others, so that the target makes whole shapes
        usual = (distance * known).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        np.maximum(distance, usual, out=distance, where=~known)
        distance /= np.float32(facts.median_radius_um)
        return np.concatenate([depth, distance]), np.concatenate([depth_weight, known.astype(np.float32)])

    def _count(self, ndim: int) -> int:
        return RAYS[ndim] if isinstance(self.options.rays, str) else self.options.rays
