"""Following a field of vectors: where every voxel ends, and which ends belong together.

A position is known to the last bit in any window that holds its way: coordinates count from the first voxel
of the image, and the weights of the interpolation depend on their fractions only. A voxel whose way leads out
of the window is not settled; whoever needs it looks again with a larger window.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box

STEP = 0.5
"""Length of a step in voxels of the finest axis: with a whole one, ways swing around a middle for ever."""
STILL = 0.02
"""A voxel has arrived when a step moves it less than this, in voxels of the finest axis."""
AT_ONCE = 1 << 18
"""Voxels that are followed together: a way takes some 150 bytes while it lasts, an end 8."""


def follow(
    flow: NDArray[np.float32],
    starts: NDArray[np.int64],
    window: Box,
    image: Box,
    spacing: Sequence[float],
    steps: int,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Follow a flow from some voxels, in steps of at most half a voxel of the finest axis.

    Parameters
    ----------
    flow : ndarray of float32, shape (ndim, *window.shape)
        Vectors whose components along all axes have one unit of length; of those longer than 1 only the
        direction counts. Where it is 0, ways end.
    starts : ndarray of int64, shape (n,)
        Voxels in the window, as raster indices of the image.
    window, image : Box
        Where the flow is known, and the whole image.
    spacing : sequence of float
        Voxel size in micrometres.
    steps : int
        The largest number of steps.

    Returns
    -------
    ends : ndarray of int64, shape (n,)
        The voxel that is nearest to where the way ends, as raster index of the image.
    settled : ndarray of bool, shape (n,)
        Whether the window held all that the way depends on.
    """
    moves = flow / np.maximum(np.linalg.norm(flow, axis=0), np.float32(1))
    for part, step in zip(moves, spacing, strict=True):
        part *= STEP * min(spacing) / step
    still = np.array([STILL * min(spacing) / step for step in spacing])[:, None]
    ends, settled = np.zeros(starts.size, np.int64), np.ones(starts.size, bool)
    for first in range(0, starts.size, AT_ONCE):
        some = slice(first, first + AT_ONCE)
        places = np.stack(np.unravel_index(starts[some], image.shape)).astype(np.float64)
        settled[some] = _walk(places, moves, window, image, still, steps)
        nearest = np.floor(places + 0.5).astype(np.int64)
        ends[some] = np.ravel_multi_index(tuple(nearest), image.shape)
    return ends, settled


def _walk(
    places: NDArray[np.float64],
    moves: NDArray[np.float32],
    window: Box,
    image: Box,
    still: NDArray[np.float64],
    steps: int,
) -> NDArray[np.bool_]:
    """Move places, (ndim, n), where they are, and return which stayed in what is known."""
    from scipy.ndimage import map_coordinates  # every job reads the options of operations, few need this

    first, last = _known(window, image)
    settled = np.ones(places.shape[1], bool)
    moving = np.arange(places.shape[1])
    for _ in range(steps):
        here = places[:, moving]
        seen = ((here >= first) & (here < last)).all(axis=0)
        settled[moving[~seen]] = False
        moving, here = moving[seen], here[:, seen]
        if not moving.size:
            break
        local = here - np.array(window.start)[:, None]
        move = np.stack([map_coordinates(part, local, float, order=1, mode="nearest") for part in moves])
        places[:, moving] = np.clip(here + move, 0, np.array(image.stop)[:, None] - 1)
        moving = moving[(np.abs(move) > still).any(axis=0)]
    return settled


def _known(window: Box, image: Box) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest coordinates whose neighbours are in the window, and the first beyond them."""
    sides = zip(window.start, window.stop, image.stop, strict=True)
    first, last = zip(*((a, b if b == end else b - 1) for a, b, end in sides), strict=True)
    return np.array(first, np.float64)[:, None], np.array(last, np.float64)[:, None]


def cluster(ends: NDArray[np.int64], counts: NDArray[np.int64], image: Box, least: int) -> NDArray[np.uint32]:
    """Group the ends of ways into sinks.

    An end is dense if enough ways end there and at its neighbours, corners included. Dense ends that are
    neighbours share a sink, other ends join the densest of their dense neighbours, and the rest has none.

    Parameters
    ----------
    ends : ndarray of int64, shape (n,)
        Raster indices of the image, ascending and distinct.
    counts : ndarray of int64, shape (n,)
        How many ways end there.
    image : Box
        The whole image.
    least : int
        How many ways make an end dense.

    Returns
    -------
    ndarray of uint32, shape (n,)
        Sinks 1, 2, ... in the order of their first ends; 0 where there is none.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not ends.size:
        return np.zeros(0, np.uint32)
    one, two = _neighbours(ends, image)
    density = counts + np.bincount(one, counts[two], ends.size).astype(np.int64)
    dense = density >= least
    joined = dense[one] & dense[two]
    graph = coo_array((np.ones(joined.sum(), bool), (one[joined], two[joined])), shape=(ends.size,) * 2)
    _, group = connected_components(graph, directed=False)
    group = np.where(dense, group, -1)
    # the last assignment holds: the densest neighbour, of equal ones the first
    guests = np.flatnonzero(~dense[one] & dense[two])
    guests = guests[np.lexsort((-ends[two[guests]], density[two[guests]]))]
    group[one[guests]] = group[two[guests]]
    found, begin, inverse = np.unique(group, return_index=True, return_inverse=True)
    rank = np.zeros(found.size, np.uint32)
    real = np.flatnonzero(found >= 0)
    rank[real[np.argsort(begin[real])]] = np.arange(1, real.size + 1)
    return rank[inverse]


def _neighbours(ends: NDArray[np.int64], image: Box) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of neighbouring ends, in both orders, as positions in `ends`."""
    places = np.stack(np.unravel_index(ends, image.shape))
    ones, twos = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for step in product((-1, 0, 1), repeat=image.ndim):
        if any(step):
            there = places + np.array(step)[:, None]
            inside = np.flatnonzero(((there >= 0) & (there < np.array(image.shape)[:, None])).all(axis=0))
            wanted = np.ravel_multi_index(tuple(there[:, inside]), image.shape)
            at = np.minimum(np.searchsorted(ends, wanted), ends.size - 1)
            hit = ends[at] == wanted
            ones.append(inside[hit])
            twos.append(at[hit])
    return np.concatenate(ones), np.concatenate(twos)
