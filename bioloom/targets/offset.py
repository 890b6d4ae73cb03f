"""Offset: in which direction and how far the center of the object lies, axis by axis."""

from __future__ import annotations

from typing import Literal

import numpy as np

from bioloom.settings.base import Section
from bioloom.targets.base import Channel, Cut, Floats, Labels, Target, vector_channels
from bioloom.targets.facts import ObjectFacts


class OffsetOptions(Section):
    """In which direction and how far the center of the object lies, axis by axis."""

    name: Literal["offset"] = "offset"
    """Name of the target."""


class Offset(Target):
    """The vector from a voxel to its object's center, in units of the object's reach; 0 in the background.

    Lengths are in micrometres. The reach is how far the whole object goes from its center along an axis, so
    components lie between -1 and 1. Between touching objects they jump from one end of that range to the
    other. After the horizontal and vertical maps of HoVer-Net (Graham et al., Medical Image Analysis 58,
    2019), which scale every axis by itself; one scale for all keeps directions.
    """

    activation = "linear"
    # Vectors are 0 in the background, so that their mean square is small: now they count as much as the rest.
    losses = ({"name": "mse", "weight": 5.0},)
    uses_centers = True

    def channels(self, ndim: int) -> tuple[Channel, ...]:
        """Return one channel per axis. See `Target.channels`."""
        return vector_channels(self.options.name, self.activation, ndim)

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Return the vectors; an object that is not known whole has no center and gets weight 0."""
        values, weight = offsets(labels, facts, spacing)
        return values.clip(-1, 1), np.repeat(weight[None], labels.ndim, axis=0)


def offsets(labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...]) -> tuple[Floats, Floats]:
    """Return the vector from every voxel to the center of its object, in units of the object's reach.

    Parameters
    ----------
    labels, facts, spacing
        See `Target.make`.

    Returns
    -------
    vectors : ndarray of float32, shape (ndim, *spatial)
        0 outside of objects.
    weight : ndarray of float32, shape (*spatial)
        0 beyond the border of the image and in objects of unknown size, else 1.
    """
    vectors = np.zeros((labels.ndim, *labels.shape), np.float32)
    weight = (labels >= 0).astype(np.float32)
    inside = np.nonzero(labels > 0)
    rows = facts.rows(labels[inside])
    reach = facts.reach_um(spacing)[rows]
    known = np.isfinite(reach)
    for axis, position in enumerate(inside):
        along = (facts.centroids[rows, axis] - position) * spacing[axis]
        vectors[axis][inside] = np.where(known, along / np.where(known, reach, 1), 0)
    weight[inside] *= known
    return vectors, weight
