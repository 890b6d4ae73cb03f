"""One-to-one assignment of overlapping objects."""

from __future__ import annotations

import numpy as np

from bioloom.evaluate.overlap import Candidates


def match(pairs: Candidates, threshold: float) -> np.ndarray:
    """Choose pairs with IoU above the threshold so that no object is used twice.

    As many pairs as possible are chosen, and among the choices with as many pairs the one with the largest
    sum of IoU. At thresholds from 0.5 on nothing is left to choose: two pairs of one object cannot both be
    above (Kirillov et al. 2019, theorem in section 4.1). Below, each connected group of candidates is solved
    by itself (Hungarian method), which is exact because groups share no object.

    Parameters
    ----------
    pairs : Candidates
    threshold : float
        In [0, 1); a pair at exactly this IoU does not match.

    Returns
    -------
    (n,) int64
        Sorted indices into ``pairs.row``.
    """
    above = np.flatnonzero(pairs.iou > threshold)
    if threshold >= 0.5 or not len(above):
        return above
    group_of = _groups(pairs.row[above], pairs.column[above])
    order = np.argsort(group_of, kind="stable")
    groups = np.split(above[order], np.flatnonzero(np.diff(group_of[order])) + 1)
    return np.sort(np.concatenate([_match_group(pairs, group) for group in groups]))


def _groups(row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Number of the connected group that each pair belongs to."""
    # Imported late: whoever only checks options, or matches from 0.5 on, needs no scipy.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows = int(row.max()) + 1
    size = rows + int(column.max()) + 1
    graph = coo_array((np.ones(len(row), bool), (row, rows + column)), shape=(size, size))
    return connected_components(graph, directed=False)[1][row]


def _match_group(pairs: Candidates, group: np.ndarray) -> np.ndarray:
    """Best choice within one group: the number of pairs first, then the sum of their IoU."""
    from scipy.optimize import linear_sum_assignment

    if len(group) == 1:
        return group
    _, row = np.unique(pairs.row[group], return_inverse=True)
    _, column = np.unique(pairs.column[group], return_inverse=True)
    shape = (int(row.max()) + 1, int(column.max()) + 1)
    # All the IoU together weigh at most half a pair, so they never buy a smaller number of pairs.
    value = np.zeros(shape)
    value[row, column] = 1 + pairs.iou[group] / (2 * min(shape))
    index = np.full(shape, -1)
    index[row, column] = group
    chosen = index[linear_sum_assignment(value, maximize=True)]
    return chosen[chosen >= 0]
