"""Moments: the additive facts of objects, from which every measure follows.

A block gives a table of sums, tables of blocks add up to the table of the image::

    +-----+-----+
    |  aaa|a    |    accumulate(left) + accumulate(right) = accumulate(whole)
    |   aa|aa b |
    +-----+-----+

Counts, coordinate sums and second moments are integers, so the sum is exact in any order. Second moments are
kept modulo 2**64 with respect to the image's origin; moved to the object's own corner they are right as long
as the object itself satisfies ``voxels * extent**2 < 2**63``, wherever it lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import combinations_with_replacement

import numpy as np

from bioloom.measure.runs import ObjectRuns, group


@dataclass(frozen=True)
class Moments:
    """Sums of n objects with d spatial axes, sorted by id.

    Parameters
    ----------
    ids : (n,) int64
    voxels : (n,) int64
        Number of voxels.
    first : (n, d) int64
        Sums of the coordinates, in voxels of the image.
    second : (n, d * (d + 1) / 2) int64, modulo 2**64
        Sums of products of coordinates, for the pairs of axes (0, 0), (0, 1), ... (d - 1, d - 1).
    start, stop : (n, d) int64
        The half-open bounding box.
    distance : (n, 1) float64, or (n, 0) when no distances were given
        The largest distance, in its unit.
    """

    ids: np.ndarray
    voxels: np.ndarray
    first: np.ndarray
    second: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    distance: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def ndim(self) -> int:
        """The number of spatial axes."""
        return self.first.shape[1]


def axis_pairs(ndim: int) -> list[tuple[int, int]]:
    """Return the pairs of axes in the order in which second moments are kept."""
    return list(combinations_with_replacement(range(ndim), 2))


def accumulate(
    runs: ObjectRuns, *, distance: np.ndarray | None = None, origin: Sequence[int] | None = None
) -> Moments:
    """Return the moments of the objects of one block.

    Parameters
    ----------
    runs : ObjectRuns
        Of the labels of the block. Blocks that are added up must not overlap.
    distance : (*spatial) float, optional
        A value per voxel whose largest one is kept for each object.
    origin : sequence of int, optional
        Where in the image the block begins; zeros by default.
    """
    ndim = len(runs.shape)
    low = np.stack(np.unravel_index(runs.starts, runs.shape), axis=1).astype(np.int64)
    low += np.zeros(ndim, np.int64) if origin is None else np.asarray(origin, np.int64)
    high = low + 1
    high[:, -1] += runs.lengths - 1
    first, second = _run_sums(low, runs.lengths)
    distances = np.zeros((len(runs.ids), 0 if distance is None else 1))
    if distance is not None and len(runs.ids):
        distances[:, 0] = np.maximum.reduceat(runs.values(distance), runs.offsets)
    return _grouped(
        Moments(
            ids=runs.ids,
            voxels=runs.lengths,
            first=first,
            second=second,
            start=low,
            stop=high,
            distance=distances,
        )
    )


def merge(parts: Sequence[Moments]) -> Moments:
    """Add up the moments of one or more blocks that do not overlap, all with the same axes."""
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Moments)
    }
    return _grouped(Moments(**columns))


def centered(moments: Moments) -> tuple[np.ndarray, np.ndarray]:
    """Return centroids and central second moments.

    Parameters
    ----------
    moments : Moments
        Of n objects with d axes.

    Returns
    -------
    centroids : (n, d) float64
        In voxels of the image; the centre of voxel (0, 0) is (0, 0).
    covariance : (n, d, d) float64
        Mean products of the deviations from the centroid, voxels squared. Voxels count as points: the 1/12 of
        a voxel's own extent is not added, as in ``skimage.measure.regionprops`` (MATLAB adds it).
    """
    n, corner = moments.voxels, moments.start
    offset = (moments.first - n[:, None] * corner) / n[:, None]
    covariance = np.empty((len(moments), moments.ndim, moments.ndim))
    for column, (a, b) in enumerate(axis_pairs(moments.ndim)):
        # Exact modulo 2**64: what wraps around on the way comes back.
        local = (
            moments.second[:, column]
            - corner[:, a] * moments.first[:, b]
            - corner[:, b] * moments.first[:, a]
            + n * corner[:, a] * corner[:, b]
        )
        covariance[:, a, b] = covariance[:, b, a] = local / n - offset[:, a] * offset[:, b]
    return corner + offset, covariance


def _run_sums(low: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of coordinates and of their products over runs along the last axis: arithmetic series."""
    ndim = low.shape[1]
    first = low * length[:, None]
    steps = length * (length - 1) // 2
    squares = (length - 1) * length * (2 * length - 1) // 6
    first[:, -1] += steps
    second = np.stack([low[:, a] * first[:, b] for a, b in axis_pairs(ndim)], axis=1)
    second[:, -1] += low[:, -1] * steps + squares
    return first, second


def _grouped(rows: Moments) -> Moments:
    """Sum the rows of each id."""
    order, first = group(rows.ids)
    if not len(order):
        return rows

    def reduced(ufunc: np.ufunc, values: np.ndarray) -> np.ndarray:
        return ufunc.reduceat(values[order], first, axis=0)

    return Moments(
        ids=rows.ids[order][first],
        voxels=reduced(np.add, rows.voxels),
        first=reduced(np.add, rows.first),
        second=reduced(np.add, rows.second),
        start=reduced(np.minimum, rows.start),
        stop=reduced(np.maximum, rows.stop),
        distance=reduced(np.maximum, rows.distance),
    )
