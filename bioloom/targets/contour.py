"""Contour: the boundaries of objects, also those between touching objects."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.settings.base import Section
from bioloom.targets.base import Cut, Floats, Labels, Target, distance_to_cut, extended, unknown
from bioloom.targets.facts import ObjectFacts


class ContourOptions(Section):
    """The boundaries of objects, also those between touching objects."""

    name: Literal["contour"] = "contour"
    """Name of the target."""
    width: int = Field(1, ge=1, le=16)
    """How far the contour reaches into each side of a boundary, in voxels (1 or more)."""
    mode: Literal["thick", "inner"] = "thick"
    """`thick` marks both sides of a boundary, `inner` leaves the background free."""


class Contour(Target):
    """1 within `width` steps of a voxel with another label.

    Steps go from face to face along the axes, so that a contour is one voxel thick in z however far apart
    the slices are: two objects that touch from slice to slice still have a contour between them. With
    ``width=1`` these are the voxels of ``skimage.segmentation.find_boundaries``.
    """

    activation = "sigmoid"
    losses = ({"name": "binary_cross_entropy"}, {"name": "dice"})

    def margin(self, median_radius_um: float, spacing: tuple[float, ...]) -> tuple[int, ...]:
        """Return `width` on every axis. See `Target.margin`."""
        return (self.options.width,) * len(spacing)

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Mark boundaries; a voxel is settled if marked, or if no cut is within reach. See `Target.make`."""
        from scipy import ndimage

        width = self.options.width
        contour = changes(extended(labels))
        if width > 1:
            contour = ndimage.binary_dilation(contour, iterations=width - 1)
        steps_to_cut = distance_to_cut(labels.shape, (1.0,) * labels.ndim, cut)
        settled = contour | (steps_to_cut > width)
        if self.options.mode == "inner":
            contour &= labels > 0
            settled |= labels == 0
        weight = settled & (labels >= 0)
        beyond = unknown(labels)
        if beyond.any():
            weight &= ~ndimage.binary_dilation(beyond, iterations=width)
        return contour.astype(np.float32)[None], weight.astype(np.float32)[None]


def changes(labels: Labels) -> NDArray[np.bool_]:
    """Return the voxels that share a face with a voxel of another label."""
    found = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim):
        here = tuple(slice(None, -1) if a == axis else slice(None) for a in range(labels.ndim))
        there = tuple(slice(1, None) if a == axis else slice(None) for a in range(labels.ndim))
        different = labels[here] != labels[there]
        found[here] |= different
        found[there] |= different
    return found
