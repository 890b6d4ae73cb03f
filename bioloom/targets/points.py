"""Points: a blob around the center of every object, one channel per class."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Literal

import edt
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.geometry.box import Box
from bioloom.settings.base import Auto, Section, Size
from bioloom.targets.base import Channel, Cut, Floats, Labels, Target, distance_to_cut, unknown
from bioloom.targets.facts import ObjectFacts

SIGMAS = 3.0
"""Standard deviations at which a Gaussian ends, at 1 % of its peak."""

ClassName = Annotated[str, Field(pattern=r"^\S(.*\S)?$")]


class PointsOptions(Section):
    """A blob around the center of every object, one channel per class."""

    name: Literal["points"] = "points"
    """Name of the target."""
    shape: Literal["blurred", "dilated"] = "blurred"
    """`blurred`: a Gaussian that peaks at 1; `dilated`: 1 within the radius, 0 beyond."""
    radius_um: Size | Auto = "auto"
    """Radius of the objects in micrometres, above 0, and of dilated blobs; auto: half the median diameter
    of the training objects, or by the distances between points where sizes are not known."""
    sigma: float = Field(0.5, gt=0, le=2)
    """Standard deviation of a Gaussian, in radii (above 0); a smaller one keeps crowded points apart."""
    classes: tuple[ClassName, ...] | Literal["all", "none"] = "all"
    """Classes to be told apart, as in the column `class` of the tables; each has a channel `points-<class>`.
    all: those of the training points; none: one channel `points` for all, as where points have no class."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes, none where they are not known (yet) or not wanted."""
        return () if isinstance(self.classes, str) else self.classes


class Points(Target):
    """Blobs around points, the higher value where two of a channel overlap.

    A blob is at least half a voxel wide along every axis, so that none falls between two voxels or planes.
    A blob of a point outside of the window is drawn where it reaches in, if the facts hold the point.
    """

    activation = "sigmoid"
    losses = ({"name": "heatmap_focal"},)
    start = -4.0  # a sigmoid of 0.02: training need not begin by unlearning points everywhere
    uses_centers = True

    def channels(self, ndim: int) -> tuple[Channel, ...]:
        """Return one channel per class, a single one without classes. See `Target.channels`."""
        name = self.options.name
        names = [f"{name}-{class_}" for class_ in self.options.names] or [name]
        return tuple(Channel(channel, self.activation) for channel in names)

    def margin(self, median_radius_um: float, spacing: tuple[float, ...]) -> tuple[int, ...]:
        """Return how far a blob reaches. See `Target.margin`."""
        radii = self._radii(median_radius_um, spacing)
        reach = self._reach
        return tuple(ceil(reach * radius / step) for radius, step in zip(radii, spacing, strict=True))

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Draw the blobs; weight 0 where that of an unknown object may reach. See `Target.make`."""
        values = np.zeros((len(self.channels(labels.ndim)), *labels.shape), np.float32)
        steps = np.array(spacing) / self._radii(facts.median_radius_um, spacing)
        known = np.isfinite(facts.distance_max_um)
        for center, channel in zip(facts.centroids[known], self._channel_of(facts)[known], strict=True):
            self._draw(values[channel], center, steps)
        reach = self._reach
        settled = (labels >= 0) & (distance_to_cut(labels.shape, tuple(steps.tolist()), cut) > reach)
        hidden = unknown(labels) | np.isin(labels, facts.ids[~known])
        if hidden.any():
            away = edt.edt(~hidden, anisotropy=tuple(steps.tolist()), black_border=False, parallel=1)
            settled &= away > reach
        weight = np.broadcast_to(settled, values.shape).astype(np.float32)
        return values, weight

    @property
    def _reach(self) -> float:
        """How far a blob reaches, in radii."""
        return SIGMAS * self.options.sigma if self.options.shape == "blurred" else 1.0

    def _radii(self, median_radius_um: float, spacing: tuple[float, ...]) -> NDArray[np.float64]:
        """Return the radius along every axis, micrometres."""
        chosen = self.options.radius_um
        radius = median_radius_um if chosen == "auto" else chosen
        least = 0.5 / self.options.sigma if self.options.shape == "blurred" else 0.5
        return np.maximum(radius, least * np.array(spacing))

    def _channel_of(self, facts: ObjectFacts) -> NDArray[np.int64]:
        """Return the channel of every object.

        Raises
        ------
        BioLoomError
            If an object is of none of the classes.
        """
        names = list(self.options.names)
        if not names:
            return np.zeros(len(facts.ids), np.int64)
        classes = [""] * len(facts.ids) if facts.classes is None else facts.classes.tolist()
        strange = sorted(set(classes) - set(names))
        if strange:
            raise BioLoomError(
                f"a point has the class '{strange[0]}'" if strange[0] else "a point has no class",
                allowed=", ".join(names),
                fix=did_you_mean(strange[0], names)
                or "correct the table, or the classes of the target points",
            )
        return np.array([names.index(class_) for class_ in classes], np.int64)

    def _draw(self, channel: Floats, center: NDArray[np.float64], steps: NDArray[np.float64]) -> None:
        """Draw one blob; `steps` are voxel sizes in radii."""
        reach = self._reach
        low, high = np.ceil(center - reach / steps), np.floor(center + reach / steps) + 1
        if self.options.shape == "dilated":
            low, high = np.minimum(low, _voxel(center)), np.maximum(high, _voxel(center) + 1)
        box = Box(*(tuple(int(n) for n in ends) for ends in (low, high))).clip(Box.of(channel.shape))
        if box.empty:
            return
        grid = np.ogrid[box.slices]
        squared = sum(((line - c) * step) ** 2 for line, c, step in zip(grid, center, steps, strict=True))
        if self.options.shape == "blurred":
            blob = np.where(squared <= reach**2, np.exp(squared / (-2 * self.options.sigma**2)), 0)
        else:
            at_center = [line == c for line, c in zip(grid, _voxel(center), strict=True)]
            blob = (squared <= reach**2) | np.logical_and.reduce(np.broadcast_arrays(*at_center))
        np.maximum(channel[box.slices], blob, out=channel[box.slices], casting="unsafe")


def _voxel(center: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.floor(center + 0.5)
