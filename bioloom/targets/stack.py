"""Several targets as one array of channels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from pydantic import BaseModel

from bioloom.errors import BioLoomError
from bioloom.targets import TARGETS
from bioloom.targets.base import Channel, Cut, Floats, Labels, Target
from bioloom.targets.facts import ObjectFacts


class TargetStack:
    """The targets of a training, in order.

    Parameters
    ----------
    options : iterable of options
        The options of every target, as ``TARGETS.parse`` returns them.

    Raises
    ------
    BioLoomError
        If there is no target, or two have a channel of the same name.
    """

    def __init__(self, options: Iterable[BaseModel]) -> None:
        self.targets: tuple[Target, ...] = tuple(TARGETS[o.name](o) for o in options)  # type: ignore[attr-defined]
        if not self.channels(2):
            raise BioLoomError("train.targets is empty", allowed=", ".join(TARGETS))
        known = [target.options.name for target in self.targets if target.channels(2)]
        for target in self.targets:
            absent = [name for name in target.weights if name not in known]
            if absent:
                raise BioLoomError(
                    f"train.targets: {target.options.name} weights {absent[0]}, which is not among them",
                    allowed=", ".join(known),
                    fix=f"add {absent[0]}, or name others with of: [...]",
                )
        names = [channel.name for channel in self.channels(2)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise BioLoomError(
                f"train.targets: {', '.join(twice)} more than once", allowed="every channel once"
            )

    def channels(self, ndim: int) -> tuple[Channel, ...]:
        """Return every channel for images of `ndim` spatial axes, in order."""
        return tuple(channel for target in self.targets for channel in target.channels(ndim))

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the targets whose channels exclude each other."""
        return tuple(target.options.name for target in self.targets if target.activation == "softmax")

    def starts(self, ndim: int) -> tuple[float, ...]:
        """Return for every channel the raw output that training begins near. See `Target.start`."""
        return tuple(target.start for target in self.targets for _ in target.channels(ndim))

    @property
    def uses_centers(self) -> bool:
        """Whether any target reads the objects' centers."""
        return any(target.uses_centers for target in self.targets)

    def margin(self, median_radius_um: float, spacing: tuple[float, ...]) -> tuple[int, ...]:
        """Return the context in voxels that suits every target. See `Target.margin`."""
        return tuple(np.max([t.margin(median_radius_um, spacing) for t in self.targets], axis=0).tolist())

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Make all channels; values and weight of shape ``(channel, *spatial)``. See `Target.make`.

        Targets that only weight others multiply the weights of those.
        """
        made = [target.make(labels, facts, spacing, cut) for target in self.targets]
        for weighting in (target for target in self.targets if target.weights):
            factor = weighting.factor(labels, facts, spacing, cut)
            for target, (_, weight) in zip(self.targets, made, strict=True):
                if target.options.name in weighting.weights:
                    weight *= factor
        return np.concatenate([values for values, _ in made]), np.concatenate([weight for _, weight in made])
