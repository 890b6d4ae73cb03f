"""Agglomeration and mutex watershed against brute force that looks at all voxel pairs again and again."""

from itertools import combinations

import numpy as np
import pytest

from bioloom.postprocess.region_graph import (
    BINS,
    STEPS,
    add_up,
    agglomerate,
    collected,
    lookup_of,
    mean_of,
    median_of,
    mutex_watershed,
    quantised,
)


def voxel_edges(shape, offsets, seed):
    """Random affinities between the voxels of a tiny image: rows of (one, two, near, value), ids from 1."""
    rng = np.random.default_rng(seed)
    ids = np.arange(1, np.prod(shape) + 1).reshape(shape)
    rows = []
    for offset in offsets:
        for voxel in np.ndindex(*shape):
            other = tuple(np.array(voxel) + offset)
            if all(0 <= place < side for place, side in zip(other, shape, strict=True)):
                value = int(rng.integers(0, STEPS + 1))
                rows.append((int(ids[voxel]), int(ids[other]), sum(map(abs, offset)) == 1, value))
    return rows, ids


def partition(ids, united):
    regions = lookup_of(united, int(ids.max()))[ids]
    return {frozenset(ids[regions == region].tolist()) for region in np.unique(regions)}


def brute_mutex(rows, ids, threshold):
    """Wolf et al., algorithm 1: attractive and repulsive edges by weight; sets are compared as they are."""
    edges = []
    for one, two, near, value in rows:
        if near and value >= threshold * STEPS:
            edges.append((value, near, one, two))
        if not near:
            edges.append((STEPS - value, near, one, two))
    cluster = {int(i): {int(i)} for i in ids.ravel()}
    apart = []
    for _, attracts, one, two in sorted(edges, key=lambda e: (-e[0], e[1], e[2], e[3])):
        mine, yours = cluster[one], cluster[two]
        if mine is yours:
            continue
        if not attracts:
            apart.append((one, two))
        elif not any((a in mine and b in yours) or (a in yours and b in mine) for a, b in apart):
            mine |= yours
            for member in yours:
                cluster[member] = mine
    return {frozenset(members) for members in cluster.values()}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("shape", "offsets"),
    [
        ((6, 7), [(1, 0), (0, 1), (3, 0), (0, 3), (2, 2)]),
        ((3, 4, 4), [(1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 0, 0), (0, 2, 0), (0, 0, 3)]),
    ],
)
def test_the_mutex_watershed_of_voxels_is_that_of_the_paper(shape, offsets, seed):
    rows, ids = voxel_edges(shape, offsets, seed)
    counts = [(near, near * value, not near, (not near) * value) for _, _, near, value in rows]
    edges = add_up(np.array([row[:2] for row in rows]), np.array(counts, np.int64))
    for threshold in (0.0, 0.6):
        found = partition(ids, mutex_watershed(edges, threshold))
        assert 1 < len(found) < ids.size
        assert found == brute_mutex(rows, ids, threshold)


def brute_agglomeration(rows, ids, statistic, threshold):
    """Compare all regions, unite the best pair, and begin again from the voxels."""
    regions = [{int(i)} for i in ids.ravel()]
    while True:
        best = None
        for mine, yours in combinations(regions, 2):
            between = [row for row in rows if (row[0] in mine) != (row[1] in mine)]
            between = [row for row in between if row[0] in yours or row[1] in yours]
            if not any(near for _, _, near, _ in between):
                continue
            values = sorted(value for *_, value in between)
            if statistic == "mean":
                score = sum(values) / (len(values) * STEPS)
            else:
                middle = values[(len(values) - 1) // 2]
                score = (min(middle * BINS // STEPS, BINS - 1) + 0.5) / BINS
            key = (-score, *sorted((min(mine), min(yours))))
            if score >= threshold and (best is None or key < best[0]):
                best = key, mine, yours
        if best is None:
            return {frozenset(region) for region in regions}
        regions.remove(best[2])
        best[1].update(best[2])


@pytest.mark.parametrize("statistic", ["mean", "median"])
@pytest.mark.parametrize("seed", range(3))
def test_agglomeration_is_what_comparing_everything_gives(statistic, seed):
    rows, ids = voxel_edges((4, 5), [(1, 0), (0, 1), (2, 0), (0, 2)], seed)
    counts = np.zeros((len(rows), 3 + BINS), np.int64)
    for count, (_, _, near, value) in zip(counts, rows, strict=True):
        count[:3] = near, 1, value
        count[3 + min(value * BINS // STEPS, BINS - 1)] = 1
    edges = add_up(np.array([row[:2] for row in rows]), counts if statistic == "median" else counts[:, :3])
    found = partition(ids, agglomerate(edges, statistic, 0.5))
    assert 1 < len(found) < ids.size
    assert found == brute_agglomeration(rows, ids, statistic, 0.5)


def test_edges_add_up_in_any_order():
    rng = np.random.default_rng(0)
    both, counts = rng.integers(1, 6, (200, 2)), rng.integers(0, 9, (200, 3))
    whole = add_up(both, counts)
    parts = [add_up(both[part], counts[part]) for part in (slice(150, None), slice(0, 40), slice(40, 150))]
    for got, wanted in zip(collected(parts, 3), whole, strict=True):
        np.testing.assert_array_equal(got, wanted)
    for (one, two), total in zip(*whole, strict=True):
        own = (np.sort(both, axis=1) == (one, two)).all(axis=1)
        np.testing.assert_array_equal(total, counts[own].sum(axis=0))
    empty = collected([], 3)
    assert empty[0].shape == (0, 2)
    assert agglomerate(empty, "mean", 0.5) == mutex_watershed((empty[0], np.zeros((0, 4), int)), 0.5) == {}


def test_statistics():
    assert mean_of(np.array([4, STEPS])) == 0.25
    assert mean_of(np.array([0, 0])) == 0
    histogram = np.zeros(BINS, np.int64)
    assert median_of(histogram) == 0
    histogram[[3, 10, 50]] = 1, 1, 1
    assert median_of(histogram) == 10.5 / BINS
    np.testing.assert_array_equal(
        quantised(np.array([np.nan, -1, 0.5, 1, 7])), [0, 0, STEPS // 2, STEPS, STEPS]
    )
