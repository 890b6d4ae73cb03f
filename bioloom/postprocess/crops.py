"""Which parts of the validation images choose thresholds: whole small images, and a few crops of a large one.

Every pair of thresholds labels all of them, so both memory and time need a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box

CROP_VOXELS = 2**22
"""Images up to this size are taken whole: 2048 x 2048, 161 x 161 x 161."""
CROPS = 8
"""Crops of a larger image, at most."""


def crops(shape: tuple[int, ...], truth: Callable[[Box], NDArray[Any]]) -> Iterator[Box]:
    """Yield the parts of an image that choose thresholds.

    A large image is cut into tiles of up to `CROP_VOXELS`; of these, up to `CROPS` that hold an object are
    taken, in an order that is shuffled but always the same.

    Parameters
    ----------
    shape : tuple of int
        Spatial shape of the image.
    truth : callable
        Reads the true labels of a box.
    """
    if prod(shape) <= CROP_VOXELS:
        yield Box.of(shape)
        return
    crop, whole = crop_shape(shape), Box.of(shape)
    counts = tuple(-(-n // side) for n, side in zip(shape, crop, strict=True))
    taken = 0
    for number in np.random.default_rng(0).permutation(prod(counts)):
        start = tuple(int(i) * side for i, side in zip(np.unravel_index(number, counts), crop, strict=True))
        box = Box(start, tuple(a + side for a, side in zip(start, crop, strict=True))).clip(whole)
        if taken < CROPS and truth(box).any():
            taken += 1
            yield box


def crop_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the largest crop of up to `CROP_VOXELS`: equal sides, but whole axes where they are shorter."""
    low, high = 1, max(shape)
    while low < high:
        side = (low + high + 1) // 2
        low, high = (side, high) if prod(min(n, side) for n in shape) <= CROP_VOXELS else (low, side - 1)
    return tuple(min(n, low) for n in shape)
