"""One strict total order of all voxels of an image, known in any window without looking at the rest.

Voxels are compared by value (high first), then by the mean of their neighbourhood, then by a hash of their
position, then by their position. Predictions are full of plateaus, on which a flood without such an order
depends on where the window begins. All four keys depend only on the voxel and its neighbourhood, never on
the window, and are compared exactly: the mean is a sum of integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box

SMOOTHING_RADIUS = 2
"""How far, in voxels of the finest axis, the mean looks that breaks ties between equal values."""

_STEPS = 4096  # of the rounded values per unit
_LIMIT = 8  # the largest absolute value that the rounded values tell apart
_MEAN_BITS, _HASH_BITS = 24, 8  # 5^3 neighbours * 2 * 8 * 4096 < 2^24; the value takes the other 32


class Ranking(Protocol):
    """How the voxels of a window are ordered; see :func:`rank_voxels`."""

    def __call__(
        self,
        values: NDArray[Any],
        seen: Box,
        window: Box,
        image: Box,
        mask: NDArray[np.bool_],
        radius: tuple[int, ...],
    ) -> NDArray[np.integer]:
        """Return the place of every masked voxel of `window` in the order."""
        ...


def smoothing_radius(spacing: Sequence[float]) -> tuple[int, ...]:
    """Return the radius of the mean in voxels, smaller along coarse axes."""
    finest = min(spacing)
    return tuple(round(SMOOTHING_RADIUS * finest / step) for step in spacing)


def rank_voxels(
    values: NDArray[Any],
    seen: Box,
    window: Box,
    image: Box,
    mask: NDArray[np.bool_],
    radius: tuple[int, ...],
) -> NDArray[np.integer]:
    r"""Return the place of every masked voxel of a window in the strict total order.

    Parameters
    ----------
    values : ndarray of float, shape (\*seen.shape)
        What orders the voxels, high values first.
    seen : Box
        Where `values` are known: ``window.grow(radius)`` clipped to the image.
    window : Box
        The voxels to order.
    image : Box
        The whole image.
    mask : ndarray of bool, shape (\*window.shape)
        The voxels that matter.
    radius : tuple of int
        See :func:`smoothing_radius`.

    Returns
    -------
    ndarray of int32 (of 2^31 voxels and more, int64), shape (\*window.shape)
        0, 1, 2, ... in the mask and 0 elsewhere: the restriction to these voxels of one order of the image.
    """
    values = np.asarray(values, np.float32)
    mean = _neighbourhood_sums(values, seen, window, radius)[mask].astype(np.int64)
    key = _descending_bits(values[window.within(seen).slices][mask]) << np.uint64(_MEAN_BITS + _HASH_BITS)
    key |= (np.int64(2 ** (_MEAN_BITS - 1)) - mean).astype(np.uint64) << np.uint64(_HASH_BITS)
    del mean
    key |= _hash(raster_index(window, image, mask))
    order = np.argsort(key, kind="stable")  # stable: the last key is the raster order
    del key
    narrow = np.int32 if order.size < 2**31 else np.int64
    place = np.empty(order.size, narrow)
    place[order] = np.arange(order.size, dtype=narrow)
    rank = np.zeros(window.shape, narrow)
    rank[mask] = place
    return rank


def _neighbourhood_sums(
    values: NDArray[np.float32], seen: Box, window: Box, radius: tuple[int, ...]
) -> NDArray[np.int32]:
    """Return exact sums over ``2 * radius + 1`` voxels per axis; the image is continued by its border.

    Its 24 bits with a sign fit 32.
    """
    wanted = window.grow(radius)
    beyond = [
        (a - b, d - c) for a, b, c, d in zip(seen.start, wanted.start, seen.stop, wanted.stop, strict=True)
    ]
    steps = np.clip(values, -_LIMIT, _LIMIT)
    steps *= _STEPS
    sums = np.pad(np.rint(steps, out=steps).astype(np.int32), beyond, mode="edge")
    for axis, r in enumerate(radius):
        length = sums.shape[axis] - 2 * r
        shifted = (np.moveaxis(sums, axis, 0)[k : k + length] for k in range(2 * r + 1))
        sums = np.moveaxis(reduce(np.add, shifted), 0, axis)
    return sums


def _descending_bits(values: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Return integers that order the other way round than the floats they come from."""
    bits = (values + np.float32(0)).view(np.uint32)  # the sum turns -0 into 0
    ascending = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    return (~ascending).astype(np.uint64)


def raster_index(box: Box, image: Box, mask: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return for every masked voxel of `box` its index in the flattened image."""
    layer = np.zeros((1,) * (box.ndim - 1), np.uint64)
    for side, grid in zip(image.shape[1:], np.ogrid[box.slices[1:]], strict=True):
        layer = layer * np.uint64(side) + grid.astype(np.uint64)
    size = prod(image.shape[1:])
    places = range(box.start[0], box.stop[0])
    return np.concatenate([layer[m] + np.uint64(n * size) for n, m in zip(places, mask, strict=True)])


def _hash(index: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return well mixed bits (the finaliser of SplitMix64; Steele, Lea and Flood, OOPSLA 2014)."""
    index = (index ^ (index >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    index = (index ^ (index >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (index ^ (index >> np.uint64(31))) >> np.uint64(64 - _HASH_BITS)
