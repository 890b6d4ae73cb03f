"""One-to-one pairs of true and found points within a distance, without a matrix of all distances."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LARGEST_MATRIX = 2**18
"""Entries up to which the costs of a group are written as a matrix."""
Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
"""Indices of the true points, of the found points, and their distances."""


def pair_points(
    truth: NDArray[np.float64], found: NDArray[np.float64], tolerance: float, spacing: Sequence[float]
) -> Pairs:
    """Pair points so that none is used twice: as many pairs as possible, of the smallest sum of distances.

    Only points within the tolerance of each other are ever looked at (a k-d tree). Groups of them that share
    no point are independent and solved one by one, small ones by the Hungarian method, large ones as a sparse
    assignment in which every true point may also stay alone.

    Parameters
    ----------
    truth : (n, ndim) float64
        True points in voxels.
    found : (m, ndim) float64
        Found points in voxels.
    tolerance : float
        Largest distance of a pair in micrometres, itself allowed.
    spacing : sequence of float
        Voxel size in micrometres.

    Returns
    -------
    rows, columns : (k,) int64
        Indices of the pairs in `truth` and `found`, sorted by row.
    distances : (k,) float64
        Micrometres.

    References
    ----------
    Kuhn, Naval Research Logistics Quarterly 2, 83 (1955); Jonker and Volgenant, Computing 38, 325 (1987),
    both as in scipy.
    """
    row, column, distance = near_pairs(truth, found, tolerance, spacing)
    if not len(row):
        return row, column, distance
    kept = np.concatenate([_assigned(row, column, distance, group) for group in _groups(row, column)])
    kept = kept[np.argsort(row[kept])]
    return row[kept], column[kept], distance[kept]


def near_pairs(
    truth: NDArray[np.float64], found: NDArray[np.float64], tolerance: float, spacing: Sequence[float]
) -> Pairs:
    """Return all pairs of points within the tolerance; see `pair_points`."""
    # Imported late: whoever only checks options needs no scipy.
    from scipy.spatial import cKDTree

    none = np.zeros(0, np.int64)
    if not len(truth) or not len(found):
        return none, none, np.zeros(0)
    steps = np.asarray(spacing, np.float64)
    one, other = truth * steps, found * steps
    # a hair more, and then the exact comparison: the tree may round the other way
    lists = cKDTree(other).query_ball_point(one, tolerance * (1 + 1e-9), return_sorted=True)
    row = np.repeat(np.arange(len(one)), [len(near) for near in lists])
    column = np.concatenate([np.asarray(near, np.int64) for near in lists])
    distance = np.sqrt(((one[row] - other[column]) ** 2).sum(axis=1))
    near = distance <= tolerance
    return row[near], column[near], distance[near]


def _groups(row: NDArray[np.int64], column: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the pairs of every connected group, by index; pairs alone in theirs come together, first."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    alone = (np.bincount(row)[row] == 1) & (np.bincount(column)[column] == 1)
    rest = np.flatnonzero(~alone)
    rows = int(row.max()) + 1
    size = rows + int(column.max()) + 1
    graph = coo_array((np.ones(len(rest), bool), (row[rest], rows + column[rest])), shape=(size, size))
    group = connected_components(graph, directed=False)[1][row[rest]]
    order = np.argsort(group, kind="stable")
    groups = np.split(rest[order], np.flatnonzero(np.diff(group[order])) + 1) if len(rest) else []
    return [np.flatnonzero(alone), *groups]


def _assigned(
    row: NDArray[np.int64], column: NDArray[np.int64], distance: NDArray[np.float64], group: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return which pairs of a group are chosen, by index."""
    from scipy.optimize import linear_sum_assignment

    truths, rows = np.unique(row[group], return_inverse=True)
    others, columns = np.unique(column[group], return_inverse=True)
    if len(truths) == len(others) == len(group):
        return group
    # Costs from 1 to 2. Staying alone costs more than all that one more pair can cost the others together,
    # so there are as many pairs as possible.
    largest = max(float(distance[group].max()), np.finfo(np.float64).tiny)
    cost, lonely = 1 + distance[group] / largest, 3.0 + min(len(truths), len(others))
    if len(truths) * len(others) > LARGEST_MATRIX:
        chosen = _sparse(rows, columns, cost, lonely)
    else:
        matrix = np.full((len(truths), len(others)), lonely)
        matrix[rows, columns] = cost
        chosen = np.full(len(truths), -1)
        one, other = linear_sum_assignment(matrix)
        chosen[one] = other
    return group[chosen[rows] == columns]


def _sparse(
    rows: NDArray[np.int64], columns: NDArray[np.int64], cost: NDArray[np.float64], lonely: float
) -> NDArray[np.int64]:
    """Return the partner of every row; every row has one of its own in which it stays alone."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    number, others = int(rows.max()) + 1, int(columns.max()) + 1
    alone = np.arange(number)
    values = np.concatenate([cost, np.full(number, lonely)])
    places = (np.concatenate([rows, alone]), np.concatenate([columns, others + alone]))
    graph = csr_array((values, places), shape=(number, others + number))
    return min_weight_full_bipartite_matching(graph)[1]
