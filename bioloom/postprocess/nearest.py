"""Distances within a radius, exact in integers: the same in every window that holds the ball.

Squared distances are sums over the axes, so they are minimised axis by axis: first along the first axis, then
what was found along the second one, and so on. Steps are squared in units of the finest voxel side, rounded
to 2^-16; a distance that exceeds the radius by less than 10^-5 of it counts as equal.

::

    . . . . .        1 4 . . .        1 2 5 . .
    A . . . .   ->   0 . . . .   ->   0 1 4 . .
    . . . . .        1 4 . . .        1 2 5 . .
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from bioloom.errors import BioLoomError
from bioloom.postprocess.workspace import Slices

LARGEST = 128
"""The largest radius, in voxels of the finest axis: squares in units fit 30 bits."""
_UNIT = 2**16
_LABEL_BITS = np.uint64(32)


@dataclass(frozen=True)
class Ball:
    """All voxels within a radius.

    Parameters
    ----------
    weights : tuple of int
        The squared side of a voxel, per axis, in units.
    limit : int
        The squared radius, in units.
    """

    weights: tuple[int, ...]
    limit: int

    @classmethod
    def of(cls, radius: float, radius_um: float | None, spacing: Sequence[float]) -> Ball:
        """Return the ball of a radius in voxels of the finest axis, or in micrometres if that is given."""
        finest = min(spacing)
        voxels = radius if radius_um is None else radius_um / finest
        weights = tuple(round((side / finest) ** 2 * _UNIT) for side in spacing)
        return cls(weights, int(voxels**2 * _UNIT * (1 + 2**-16)))

    @property
    def reach(self) -> tuple[int, ...]:
        """How far it goes, in voxels per axis."""
        return tuple(isqrt(self.limit // weight) for weight in self.weights)

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Its voxels, relative to the centre, ``(n, axes)``."""
        grids = np.meshgrid(*(np.arange(-side, side + 1) for side in self.reach), indexing="ij")
        offsets = np.stack([grid.ravel() for grid in grids], axis=1)
        return offsets[(offsets**2 * np.array(self.weights)).sum(axis=1) <= self.limit]

    def check(self, asking: str) -> None:
        """Refuse a radius that is no use.

        Raises
        ------
        BioLoomError
            If it holds one voxel only, or is larger than can be counted.
        """
        voxels = (self.limit / _UNIT) ** 0.5
        if not any(self.reach) or voxels > LARGEST * (1 + 1e-4):
            raise BioLoomError(
                f"postprocess: {asking} has a radius of {voxels:.3g} voxels of the finest axis",
                allowed=f"1 to {LARGEST}",
            )


def nearest_labels(labels: NDArray[np.uint32], ball: Ball) -> NDArray[np.uint32]:
    r"""Return for every voxel the label of the nearest labelled voxel.

    Parameters
    ----------
    labels : ndarray of uint32, shape (\*spatial)
        0 for background.
    ball : Ball
        How far to look.

    Returns
    -------
    ndarray of uint32, shape (\*spatial)
        Of equally near labels the lowest, 0 where none is within the ball.
    """
    far = np.uint64(ball.limit + 1) << _LABEL_BITS
    keys = np.where(labels > 0, labels, far).astype(np.uint64)  # distance above, label below
    for axis, (weight, reach) in enumerate(zip(ball.weights, ball.reach, strict=True)):
        best = keys.copy()
        for step in range(1, min(reach, labels.shape[axis] - 1) + 1):
            cost = np.uint64(weight * step * step) << _LABEL_BITS
            for here, there in _shifts(axis, step, labels.ndim):
                np.minimum(best[here], keys[there] + cost, out=best[here])
        keys = np.where(best >= far, far, best)
    return keys.astype(np.uint32)  # what is cut off are the distances


def deep_inside(labels: NDArray[np.uint32], ball: Ball) -> NDArray[np.bool_]:
    """Return the voxels all of whose ball, as far as it is in the array, has their own label."""
    start = np.full(labels.shape, ball.limit + 1, np.uint32)
    return _spread(start, labels, ball, across=0) > ball.limit


def near_own(chosen: NDArray[np.bool_], labels: NDArray[np.uint32], ball: Ball) -> NDArray[np.bool_]:
    """Return the voxels in whose ball there is a chosen voxel of the same label.

    The chosen ones must be deep inside their labels by the same ball: then every step of the way from one,
    axis by axis, has its label.
    """
    start = np.where(chosen, 0, ball.limit + 1).astype(np.uint32)
    return _spread(start, labels, ball, across=ball.limit + 1) <= ball.limit


def _spread(
    found: NDArray[np.uint32], labels: NDArray[np.uint32], ball: Ball, across: int
) -> NDArray[np.uint32]:
    """Add up squared steps within labels; `across` is what another label's voxel has to begin with.

    The nearest voxel of another label is found as well: either the way to it, along one axis, ends in the own
    label, whose distance is known from the axes before, or in another one, which is as good as any.
    """
    far = np.uint32(ball.limit + 1)
    for axis, (weight, reach) in enumerate(zip(ball.weights, ball.reach, strict=True)):
        best = found.copy()
        for step in range(1, min(reach, labels.shape[axis] - 1) + 1):
            cost = np.uint32(weight * step * step)
            for here, there in _shifts(axis, step, labels.ndim):
                begin = np.where(labels[here] == labels[there], found[there], np.uint32(across))
                np.minimum(best[here], begin + cost, out=best[here])
        found = np.minimum(best, far)
    return found


def _shifts(axis: int, step: int, ndim: int) -> Iterator[tuple[Slices, Slices]]:
    """Yield the voxels that have one `step` away along an axis, and those, on either side."""
    before, after = ([slice(None)] * ndim for _ in range(2))
    before[axis], after[axis] = slice(None, -step), slice(step, None)
    yield tuple(before), tuple(after)
    yield tuple(after), tuple(before)
