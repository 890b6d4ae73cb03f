import heapq
from itertools import product

import numpy as np
import pytest

from bioloom.geometry.box import Box
from bioloom.postprocess.flooding import find_open_faces, flood, settle


def best_paths(rank, mask, seeds, connectivity):
    """Label every voxel by its cheapest path: the largest rank decides, then the second, and so on."""
    steps = [s for s in product((-1, 0, 1), repeat=mask.ndim) if 0 < sum(map(abs, s)) <= connectivity]
    queue = [
        ((rank[i],), tuple(map(int, i)), int(seeds[tuple(i)])) for i in map(tuple, np.argwhere(seeds > 0))
    ]
    heapq.heapify(queue)
    labels, done = np.zeros(mask.shape, np.uint32), set()
    while queue:
        cost, voxel, label = heapq.heappop(queue)
        if voxel in done:
            continue
        done.add(voxel)
        labels[voxel] = label
        for step in steps:
            near = tuple(v + s for v, s in zip(voxel, step, strict=True))
            if all(0 <= v < n for v, n in zip(near, mask.shape, strict=True)) and mask[near]:
                heapq.heappush(queue, (tuple(sorted((*cost, rank[near]), reverse=True)), near, label))
    return labels


def random_case(shape, seed):
    rng = np.random.default_rng(seed)
    mask = rng.random(shape) < 0.85
    rank = np.zeros(shape, np.int64)
    rank[mask] = rng.permutation(int(mask.sum()))
    seeds = np.where(mask & (rng.random(shape) < 0.12), rng.integers(1, 6, shape) * 1000, 0)
    return rank, mask, seeds.astype(np.uint32)


@pytest.mark.parametrize("shape", [(6, 7), (3, 4, 5)])
def test_labels_are_those_of_the_cheapest_paths(shape):
    for seed in range(15):
        rank, mask, seeds = random_case(shape, seed)
        ordered = np.where(seeds > 0, rank, rank + rank.size)
        for connectivity in range(1, mask.ndim + 1):
            labels, unknown = flood(rank, mask, seeds, None, connectivity)
            np.testing.assert_array_equal(labels, best_paths(ordered, mask, seeds, connectivity))
            assert not unknown.any()
            assert not labels[~mask].any()


@pytest.mark.parametrize("shape", [(16, 18), (8, 9, 10)])
def test_a_label_that_is_known_in_a_window_is_true(shape):
    image, known = Box.of(shape), 0
    for seed in range(30):
        rank, mask, seeds = random_case(shape, seed)
        rng = np.random.default_rng(seed)
        start = tuple(int(rng.integers(0, n // 2)) for n in shape)
        window = Box(start, tuple(int(rng.integers(n // 2 + 2, n + 1)) for n in shape))
        part = window.slices
        for connectivity in range(1, mask.ndim + 1):
            truth, _ = flood(rank, mask, seeds, None, connectivity)
            faces = find_open_faces(window, image)
            labels, unknown = flood(rank[part], mask[part], seeds[part], faces, connectivity)
            np.testing.assert_array_equal(labels[~unknown], truth[part][~unknown])
            known += int((labels > 0).sum())
    assert known > 1000


def test_nothing_outside_the_mask_or_without_a_seed_is_labelled():
    mask = np.array([[1, 1, 0, 1, 1]], bool)
    seeds = np.array([[7, 0, 0, 0, 0]], np.uint32)
    labels, _ = flood(np.arange(5).reshape(1, 5), mask, seeds, None, 1)
    assert labels.tolist() == [[7, 7, 0, 0, 0]]


def test_open_faces_are_those_inside_the_image():
    image = Box((0, 0), (6, 6))
    assert find_open_faces(image, image) is None
    faces = find_open_faces(Box((0, 2), (4, 6)), image)
    assert faces.astype(int).tolist() == [[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1]]
    assert find_open_faces(Box((2, 0), (3, 6)), image).all()


@pytest.mark.parametrize("shape", [(14, 16), (7, 8, 9)])
@pytest.mark.parametrize("density", [0.25, 0.4, 0.6])
def test_what_is_settled_without_a_flood_is_what_the_flood_says(shape, density):
    settled = flooded = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        mask = rng.random(shape) < density
        rank = np.zeros(shape, np.int64)
        rank[mask] = rng.permutation(int(mask.sum()))
        seeds = np.where(mask & (rng.random(shape) < 0.1), rng.integers(1, 9, shape) * 1000, 0)
        seeds = seeds.astype(np.uint32)
        window = Box((0,) * len(shape), shape)
        for image in (window, window.grow(3)):
            faces = find_open_faces(window, image)
            for connectivity in range(1, mask.ndim + 1):
                expected = flood(rank, mask, seeds, faces, connectivity)
                labels, unknown, left = settle(mask, seeds, faces, connectivity)
                assert not (left & (unknown | (labels > 0) | ~mask)).any()
                more, not_known = flood(rank, left, seeds, faces, connectivity)
                np.testing.assert_array_equal(labels + more, expected[0])
                np.testing.assert_array_equal(unknown | not_known, expected[1])
                settled, flooded = settled + (labels > 0).sum(), flooded + (more > 0).sum()
    assert settled > 0
    assert flooded > 0
