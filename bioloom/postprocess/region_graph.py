"""A graph of fragments: what is known between them, added up over blocks, and which of them belong together.

Everything is counted in whole numbers, so that sums do not depend on their order, and every decision follows
a strict order (score, then ids). Fragments are numbered through the image, so the graph is the same however
the image was cut.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

STEPS = 4096
"""The whole number that stands for an affinity of 1."""
BINS = 64
"""The bins of a histogram of affinities from 0 to 1."""

Edges = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Pairs of fragments, ``(n, 2)``, the smaller id first, ascending; and what was counted, ``(n, k)``."""


def quantised(affinity: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return affinities as whole numbers, 0 to :data:`STEPS`."""
    values = np.nan_to_num(np.asarray(affinity, np.float32), nan=0.0)
    return np.rint(np.clip(values, 0, 1) * np.float32(STEPS)).astype(np.int64)


def add_up(pairs: NDArray[np.integer], counts: NDArray[np.integer]) -> Edges:
    """Return every pair once with the sum of its counts.

    Parameters
    ----------
    pairs : ndarray of int, shape (n, 2)
        Ids of fragments, below 2^32.
    counts : ndarray of int, shape (n, k)
    """
    ordered = np.sort(pairs.astype(np.uint64), axis=1)
    keys, where = np.unique((ordered[:, 0] << np.uint64(32)) | ordered[:, 1], return_inverse=True)
    total = np.zeros((keys.size, counts.shape[1]), np.int64)
    np.add.at(total, where, counts)
    low = (1 << 32) - 1
    return np.stack([keys >> np.uint64(32), keys & np.uint64(low)], axis=1).astype(np.int64), total


def mean_of(counts: NDArray[np.int64]) -> float:
    """Return the mean of the affinities whose number and sum are the first two counts; 0 of none."""
    return int(counts[1]) / (int(counts[0]) * STEPS) if counts[0] else 0.0


def median_of(histogram: NDArray[np.int64]) -> float:
    """Return the middle of the bin of a histogram in which the (lower) median lies; 0 of an empty one."""
    total = int(histogram.sum())
    if not total:
        return 0.0
    return (int(np.searchsorted(np.cumsum(histogram), (total + 1) // 2)) + 0.5) / BINS


def agglomerate(edges: Edges, statistic: str, threshold: float) -> dict[int, int]:
    """Unite the two regions with the highest score, add up what is known about the edges, and so on.

    As in waterz (Funke et al., IEEE TPAMI 2019). Regions are neighbours if voxels of theirs are.

    Parameters
    ----------
    edges : Edges
        Columns: how many pairs of neighbours there are, how many pairs in all, the sum of their quantised
        affinities; then, for the median, the bins of their histogram.
    statistic : str
        ``mean`` or ``median`` of the affinities between two regions.
    threshold : float
        Regions are united from this score on.

    Returns
    -------
    dict of int to int
        For every fragment that was united with one of a smaller id the smallest id of its region.
    """
    around: dict[int, dict[int, NDArray[np.int64]]] = {}
    queue: list[tuple[float, int, int]] = []

    def score(counts: NDArray[np.int64]) -> float:
        return median_of(counts[3:]) if statistic == "median" else mean_of(counts[1:3])

    def offer(one: int, two: int, counts: NDArray[np.int64]) -> None:
        around.setdefault(one, {})[two] = around.setdefault(two, {})[one] = counts
        if counts[0] and score(counts) >= threshold:
            heapq.heappush(queue, (-score(counts), min(one, two), max(one, two)))

    for (one, two), counts in zip(edges[0].tolist(), edges[1], strict=True):
        offer(one, two, counts)
    parent: dict[int, int] = {}
    while queue:
        negative, one, two = heapq.heappop(queue)
        known = around.get(one, {}).get(two)
        if known is None or not known[0] or score(known) != -negative:
            continue  # one of them is gone, or their edge has changed since
        parent[two] = one
        del around[one][two]
        for other, counts in sorted(around.pop(two).items()):
            if other != one:
                del around[other][two]
                offer(one, other, around[one][other] + counts if other in around[one] else counts)
    return {fragment: root(parent, fragment) for fragment in sorted(parent)}


def mutex_watershed(edges: Edges, threshold: float) -> dict[int, int]:
    """Go through what attracts and what repels, the strongest first; who repels is never united.

    Source: Wolf et al., The mutex watershed, ECCV 2018, on fragments instead of voxels. What attracts is the
    mean affinity of neighbours, if at least `threshold`; what repels is 1 less the mean of distant pairs.

    Parameters
    ----------
    edges : Edges
        Columns: number and sum of quantised affinities of neighbours, then of distant pairs.
    threshold : float
        A weaker attraction does not count.

    Returns
    -------
    dict of int to int
        As :func:`agglomerate`.
    """
    ranked: list[tuple[float, int, int, int]] = []
    for (one, two), counts in zip(edges[0].tolist(), edges[1], strict=True):
        if counts[2]:
            ranked.append((-(1 - mean_of(counts[2:4])), 0, one, two))
        if counts[0] and mean_of(counts[:2]) >= threshold:
            ranked.append((-mean_of(counts[:2]), 1, one, two))
    parent: dict[int, int] = {}
    foes: dict[int, set[int]] = {}
    for _, attracts, one, two in sorted(ranked):
        first, second = sorted((root(parent, one), root(parent, two)))
        if first == second or second in foes.get(first, ()):
            continue
        if not attracts:
            foes.setdefault(first, set()).add(second)
            foes.setdefault(second, set()).add(first)
            continue
        parent[second] = first
        for foe in foes.pop(second, ()):
            foes[foe].remove(second)
            foes[foe].add(first)
            foes.setdefault(first, set()).add(foe)
    return {fragment: root(parent, fragment) for fragment in sorted(parent)}


def root(parent: dict[int, int], fragment: int) -> int:
    """Return the representative of a fragment, its smallest, and shorten the way to it."""
    way = []
    while fragment in parent:
        way.append(fragment)
        fragment = parent[fragment]
    parent.update(dict.fromkeys(way, fragment))
    return fragment


def lookup_of(united: dict[int, int], largest: int) -> NDArray[np.uint32]:
    """Return the representative of fragments 0 to `largest`."""
    found = np.arange(largest + 1, dtype=np.uint32)
    found[list(united)] = list(united.values())
    return found


def collected(parts: Iterable[Edges], columns: int) -> Edges:
    """Return the sum of the edges of several blocks."""
    parts = [part for part in parts if len(part[0])]
    if not parts:
        return np.zeros((0, 2), np.int64), np.zeros((0, columns), np.int64)
    return add_up(np.concatenate([p for p, _ in parts]), np.concatenate([c for _, c in parts]))
