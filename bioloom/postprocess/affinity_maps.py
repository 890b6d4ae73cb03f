"""Maps of single voxels from affinities between two: how firmly a voxel belongs to its neighbours.

A voxel has two neighbours along every axis, and the affinity to one of them is kept at that other voxel::

    low neighbour --a--> voxel --b--> high neighbour         lowest = min(a, b, ...), mean = (a + b + ...) / n

Neighbours outside the image count neither way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.channels import Expression
from bioloom.postprocess.passes import Pass, Reader, Source
from bioloom.targets.affinities import pairs

CHANNELS = ("foreground", "lowest", "mean")


@dataclass(frozen=True)
class AffinityMaps:
    """Reads :data:`CHANNELS` where a prediction holds affinities.

    Parameters
    ----------
    prediction : Reader
        The prediction.
    image : Box
        The whole image.
    foreground : Expression
        Makes the first channel.
    steps : mapping of int to tuple of int
        For the channels of neighbours their offsets.
    """

    prediction: Reader
    image: Box
    foreground: Expression
    steps: Mapping[int, tuple[int, ...]]

    def read(self, box: Box) -> NDArray[np.float32]:
        r"""Return the maps of a box inside the image, float32 of shape ``(3, \*box.shape)``."""
        seen = box.grow(1).clip(self.image)
        prediction = self.prediction.read(seen)
        lowest = np.full(seen.shape, np.inf, np.float32)
        total, count = np.zeros(seen.shape, np.float32), np.zeros(seen.shape, np.float32)
        for channel, step in self.steps.items():
            here, there = pairs(step, seen.shape)
            affinity = np.asarray(prediction[channel], np.float32)[here]
            for side in (here, there):
                np.minimum(lowest[side], affinity, out=lowest[side])
                total[side] += affinity
                count[side] += 1
        lowest[count == 0] = 0
        maps = np.stack([self.foreground(prediction), lowest, total / np.maximum(count, 1)])
        return maps[(slice(None), *box.within(seen).slices)]


@dataclass(frozen=True)
class OnAffinityMaps:
    """A pass that sees the maps in place of the prediction."""

    inner: Pass
    foreground: Expression
    steps: Mapping[int, tuple[int, ...]]

    @property
    def name(self) -> str:
        """The name of the pass."""
        return self.inner.name

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Map a block of the maps."""
        return self.inner.map(block, self._seen(source))

    def reduce(self, partials: Any, source: Source) -> dict[str, NDArray[Any]]:
        """Reduce as the pass itself."""
        return self.inner.reduce(partials, self._seen(source))

    def _seen(self, source: Source) -> Source:
        maps = AffinityMaps(source.prediction, source.image, self.foreground, self.steps)
        return Source(maps, source.layout, source.workspace)
