"""Border weight: more weight for other targets where objects are near each other; no channel of its own."""

from __future__ import annotations

from math import ceil
from typing import Literal

import numpy as np
from pydantic import Field

from bioloom.settings.base import Section
from bioloom.targets.base import Channel, Cut, Floats, Labels, Target, extended
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.seen import distance_to_unseen
from bioloom.targets.two_nearest import two_nearest

NEGLIGIBLE = 4.0
"""Beyond this many standard deviations the weight adds less than 0.04 % of its largest value: nothing."""


class BorderWeightOptions(Section):
    """More weight for other targets where two objects are near each other; no channel of its own."""

    name: Literal["border_weight"] = "border_weight"
    """Name of the target."""
    of: tuple[str, ...] = Field(("foreground",), min_length=1)
    """The targets whose voxels are weighted."""
    strength: float = Field(10.0, gt=0, le=1000)
    """What is added to the weight of 1 where two objects touch (w0 in the paper, above 0)."""
    sigma: float = Field(0.5, gt=0, le=10)
    """How fast it falls with the sum of the distances to both objects: a standard deviation, in the median
    radius of the training objects (above 0)."""


class BorderWeight(Target):
    """The factor ``1 + strength * exp(-(d1 + d2)^2 / (2 * (sigma * radius)^2))`` for other targets' weights.

    The distances d1 and d2 to the nearest and second nearest object are in micrometres; inside of an object
    d1 is 0. Beyond 4 standard deviations nothing is added. Source: Ronneberger, Fischer and Brox, U-Net,
    MICCAI 2015, equation 2, with a class weight of 1 and sigma relative to the size of the objects.
    """

    activation = "linear"
    losses = ()

    def channels(self, ndim: int) -> tuple[Channel, ...]:
        """Return no channel: nothing is learned."""
        return ()

    @property
    def weights(self) -> tuple[str, ...]:
        """The names of the targets whose weights are multiplied."""
        return tuple(self.options.of)

    def margin(self, median_radius_um: float, spacing: tuple[float, ...]) -> tuple[int, ...]:
        """Return how far an object changes the weight. See `Target.margin`."""
        return tuple(ceil(NEGLIGIBLE * self.options.sigma * median_radius_um / step) for step in spacing)

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Return no values and no weights. See `Target.make`."""
        nothing = np.zeros((0, *labels.shape), np.float32)
        return nothing, nothing

    def factor(self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut) -> Floats:
        """Return the factor, 0 where it could change with what is not seen. See `Target.factor`."""
        sigma = self.options.sigma * facts.median_radius_um
        reach = NEGLIGIBLE * sigma
        first, second = two_nearest(extended(labels), spacing, reach)
        unseen = distance_to_unseen(labels, spacing, cut)
        settled = ((second <= unseen) | (unseen >= reach)) & (labels >= 0)
        both = first + second
        near = np.exp(-((both / sigma) ** 2) / 2, where=both < reach, out=np.zeros_like(both))
        return np.where(settled, 1 + self.options.strength * near, 0).astype(np.float32)
