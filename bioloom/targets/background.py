"""Background: whether a voxel belongs to no object."""

from __future__ import annotations

from typing import Literal

import numpy as np

from bioloom.settings.base import Section
from bioloom.targets.base import Cut, Floats, Labels, Target
from bioloom.targets.facts import ObjectFacts


class BackgroundOptions(Section):
    """Whether a voxel belongs to no object."""

    name: Literal["background"] = "background"
    """Name of the target."""


class Background(Target):
    """1 in the background, 0 inside of objects: `foreground` the other way round."""

    activation = "sigmoid"
    losses = ({"name": "binary_cross_entropy"}, {"name": "dice"})

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Return ``labels == 0``; nothing depends on what lies beyond a cut. See `Target.make`."""
        values = (labels == 0).astype(np.float32)
        weight = (labels >= 0).astype(np.float32)
        return values[None], weight[None]
