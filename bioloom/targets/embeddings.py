"""Embeddings: where every voxel sends itself, so that those of one object meet."""

from __future__ import annotations

from typing import Literal

import numpy as np

from bioloom.settings.base import Section
from bioloom.targets.base import Channel, Cut, Floats, Labels, Target
from bioloom.targets.facts import ObjectFacts


class EmbeddingsOptions(Section):
    """Where every voxel sends itself, so that the voxels of one object meet; how widely, and how surely."""

    name: Literal["embeddings"] = "embeddings"
    """Name of the target."""


class Embeddings(Target):
    """An offset to the object's center, the width of the meeting place, and how good a seed a voxel is.

    Offsets are in micrometres, divided by the median radius of the training objects, to the voxel at the
    object's center (see `bioloom.targets.center`). What the network is to say of the width, and of the seeds
    inside of objects, follows from its own offsets (the loss `spatial_embedding`); here the width is 0, which
    stands for half a median radius, and seeds are 1 inside of objects and 0 in the background. Sources: Neven
    et al., CVPR 2019; Lalit et al., EmbedSeg, Medical Image Analysis 2022, in 2D and 3D. Unlike there, a
    width is the same in all directions, in micrometres, so that pictures can be turned.
    """

    activation = "linear"
    losses = ({"name": "spatial_embedding"},)
    uses_centers = True

    def channels(self, ndim: int) -> tuple[Channel, ...]:
        """Return the components of the offset, the width and the seediness."""
        letters = enumerate("zyx"[-ndim:])
        return (
            *(Channel(f"embeddings-{letter}", self.activation, axis=axis) for axis, letter in letters),
            Channel("embeddings-width", self.activation),
            Channel("embeddings-seed", "sigmoid"),
        )

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Point to the centers; an object of unknown radius has no known center and weight 0. See `make`."""
        values = np.zeros((labels.ndim + 2, *labels.shape), np.float32)
        weight = (labels >= 0).astype(np.float32)
        inside = np.nonzero(labels > 0)
        rows = facts.rows(labels[inside])
        centers = np.floor(facts.centroids + 0.5)
        defined = np.isfinite(facts.distance_max_um[rows])
        for axis, position in enumerate(inside):
            steps = np.where(defined, centers[rows, axis] - position, 0)
            values[axis][inside] = steps * (spacing[axis] / facts.median_radius_um)
        values[-1][inside] = 1
        weight[inside] *= defined
        return values, np.repeat(weight[None], len(values), axis=0)
