"""Touching: the zones in which two objects meet."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.settings.base import Section
from bioloom.targets.base import Cut, Floats, Labels, Target, distance_to_cut, extended, unknown
from bioloom.targets.facts import ObjectFacts


class TouchingOptions(Section):
    """The zones in which two objects meet, or nearly so."""

    name: Literal["touching"] = "touching"
    """Name of the target."""
    width: int = Field(2, ge=1, le=16)
    """How many voxels, counted from face to face, the two objects may be away (1 or more)."""


class Touching(Target):
    """1 within `width` steps of two different objects, its own counted; in gaps as well as inside.

    Steps go from face to face along the axes, as those of `contour`. With ``width=1`` these are the voxels at
    the faces of touching objects, and gaps of one voxel.
    """

    activation = "sigmoid"
    losses = ({"name": "binary_cross_entropy"}, {"name": "dice"})

    def margin(self, median_radius_um: float, spacing: tuple[float, ...]) -> tuple[int, ...]:
        """Return `width` on every axis. See `Target.margin`."""
        return (self.options.width,) * len(spacing)

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Mark zones; a voxel is settled if marked, or if no cut is within reach. See `Target.make`."""
        from scipy import ndimage

        width = self.options.width
        zones = meeting(extended(labels), width)
        weight = (zones | (distance_to_cut(labels.shape, (1.0,) * labels.ndim, cut) > width)) & (labels >= 0)
        beyond = unknown(labels)
        if beyond.any():
            weight &= ~ndimage.binary_dilation(beyond, iterations=width)
        return zones.astype(np.float32)[None], weight.astype(np.float32)[None]


def meeting(labels: Labels, width: int) -> NDArray[np.bool_]:
    """Return the voxels from which `width` steps from face to face lead to two different objects.

    Parameters
    ----------
    labels : ndarray of int, shape (*spatial)
        0 is the background; none is negative.
    width : int
        Number of steps.
    """
    numbers = np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)
    if labels.size and labels.min() > 0:
        numbers += 1
    nobody = np.int32(np.iinfo(np.int32).max)
    highest, lowest = numbers, np.where(numbers > 0, numbers, nobody)
    for _ in range(width):
        highest, lowest = _spread(highest, np.maximum), _spread(lowest, np.minimum)
    return (highest > 0) & (lowest < highest)


def _spread(values: NDArray[np.int32], choose: np.ufunc) -> NDArray[np.int32]:
    """Return what `choose` makes of every voxel and its neighbours at faces."""
    spread = values.copy()
    for axis in range(values.ndim):
        here, there = np.moveaxis(spread, axis, 0), np.moveaxis(values, axis, 0)
        choose(here[1:], there[:-1], out=here[1:])
        choose(here[:-1], there[1:], out=here[:-1])
    return spread
