"""How much is measured: enough to say something, or just enough to see that it works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Sizes of all measurements.

    Parameters
    ----------
    feature_maps : tuple of int
        Channels of the network's levels.
    patch : int
        Side of a patch in voxels.
    batch : int
        Patches per batch.
    repetitions : int
        Rounds of a step of training or inference.
    steps : int
        Steps of a round in which the waiting for data is measured.
    side, larger : int
        Sides in voxels of the small and the large image.
    block : int
        Side in voxels of the blocks in which both are stitched and post-processed.
    rounds : int
        Rounds of everything else.
    volume : tuple of int
        Spatial shape of the smallest volume on which memory is measured.
    factors : tuple of int
        By what its sides are multiplied.
    """

    feature_maps: tuple[int, ...]
    patch: int
    batch: int
    repetitions: int
    steps: int
    side: int
    larger: int
    block: int
    rounds: int
    volume: tuple[int, ...]
    factors: tuple[int, ...]


FULL = Scale(
    feature_maps=(16, 32, 64, 128, 256),
    patch=256,
    batch=4,
    repetitions=7,
    steps=8,
    side=2048,
    larger=5792,
    block=1024,
    rounds=3,
    volume=(160, 256, 512),
    factors=(1, 2, 4),
)
"""8 times as many voxels in the large image, and 9 times as many blocks. The smallest volume has 96 blocks,
some of them with their halo on every side, and a pyramid of two levels."""

QUICK = Scale(
    feature_maps=(2, 4),
    patch=32,
    batch=2,
    repetitions=1,
    steps=2,
    side=256,
    larger=512,
    block=256,
    rounds=1,
    volume=(32, 64, 96),
    factors=(1, 2),
)
"""Seconds; the numbers mean nothing."""
