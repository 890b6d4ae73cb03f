"""Core: the inner part of every object, which touches no other object."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bioloom.settings.base import Section
from bioloom.targets.base import Cut, Floats, Labels, Target
from bioloom.targets.distance import Distance, DistanceOptions
from bioloom.targets.facts import ObjectFacts


class CoreOptions(Section):
    """The inner part of every object, which touches no other object."""

    name: Literal["core"] = "core"
    """Name of the target."""
    depth: float = Field(0.5, gt=0, lt=1)
    """How deep the core begins, as a share of the object's largest distance to its boundary."""


class Core(Target):
    """1 where a voxel is at least `depth` times as far from the boundary as the deepest voxel of its object.

    Every object has a core, however small it is; one with a narrow waist has several. Distances are those of
    the target ``distance``, in micrometres.
    """

    activation = "sigmoid"
    losses = ({"name": "binary_cross_entropy"}, {"name": "dice"})

    def __init__(self, options: CoreOptions) -> None:
        super().__init__(options)
        self._distance = Distance(DistanceOptions())

    def margin(self, median_radius_um: float, spacing: tuple[float, ...]) -> tuple[int, ...]:
        """Return that of ``distance``. See `Target.margin`."""
        return self._distance.margin(median_radius_um, spacing)

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Mark cores, as far as distances are settled. See `Target.make`."""
        values, weight = self._distance.make(labels, facts, spacing, cut)
        return (values >= self.options.depth).astype(values.dtype), weight
