import numpy as np
import pytest
from scipy import ndimage

from bioloom.postprocess.split_large import Cut, split_object

OPTIONS = {"name": "split_large", "times_median": 1.5, "depth": 0.1}


def balls(shape, centers, radius, spacing):
    grid = np.meshgrid(*(np.arange(n) * s for n, s in zip(shape, spacing, strict=True)), indexing="ij")
    return [sum((g - c) ** 2 for g, c in zip(grid, center, strict=True)) <= radius**2 for center in centers]


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.0, 1.0), (2.0, 1.0, 1.0)])
def test_two_balls_that_touch_are_parted_halfway_and_single_ones_stay(spacing, operate, canonical):
    extent = (26, 60) if len(spacing) == 2 else (18, 22, 60)
    shape = tuple(round(side / step) for side, step in zip(extent, spacing, strict=True))
    middle = [side / 2 for side in extent[:-1]]
    radius = 8 if len(spacing) == 2 else 7
    centers = [(*middle, x) for x in (9, 22, 43)]
    one, two, apart = balls(shape, centers, radius, spacing)
    labels = np.where(one | two, 1, 0) + 2 * apart
    expected = np.where(one | two, 1, 0) + 3 * apart
    split = np.indices(shape)[-1] * spacing[-1] > 15.5
    expected[(one | two) & split] = 2
    for tile in (shape, (7,) * len(shape), (5, 40, 9)[-len(shape) :]):
        found = operate(canonical(labels), {**OPTIONS, "times_median": 1.1}, spacing=spacing, tile=tile)
        assert found.max() == 3
        assert (found == canonical(expected)).mean() > 0.99
        np.testing.assert_array_equal(found > 0, labels > 0)


@pytest.mark.parametrize("shape", [(34, 37), (11, 15, 17)])
def test_large_objects_are_cut_as_each_of_them_alone_would_be(shape, operate, canonical):
    spacing = (1.5, 1.0, 1.0)[-len(shape) :]
    total = 0
    for seed in range(3):
        noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 1.8)
        labels, count = ndimage.label(noise > 0.3 * noise.std())
        sizes = np.bincount(labels.ravel())
        limit = int(np.median(sizes[1:]))
        cut = Cut(4, 0.1, tuple(1 / s for s in spacing), spacing)
        expected, taken = labels.copy(), count
        for label in np.flatnonzero(sizes > limit)[1:]:
            box = ndimage.find_objects(labels)[label - 1]
            parts = split_object(labels[box] == label, cut)
            np.testing.assert_array_equal(parts > 0, labels[box] == label)
            assert parts.max() <= 4
            expected[box][parts > 1] = taken + parts[parts > 1]
            taken += 4
        total += np.unique(expected).size - 1 - count
        options = {"name": "split_large", "max_voxels": limit, "max_parts": 4, "depth": 0.1}
        for tile in (shape, (6,) * len(shape), (4, 30, 5)[-len(shape) :]):
            found = operate(labels, options, spacing=spacing, tile=tile)
            np.testing.assert_array_equal(found, canonical(expected))
    assert total > 0


def test_only_so_many_parts_around_the_thickest_places():
    spots = [((15.0, x), radius) for x, radius in ((8, 6), (21, 8), (36, 9), (50, 5))]
    mask = np.any([balls((30, 60), [center], r, (1.0, 1.0))[0] for center, r in spots], axis=0)
    parts = [split_object(mask, Cut(n, 0.05, (0, 0), (1.0, 1.0))) for n in (2, 3, 8)]
    assert [part.max() for part in parts] == [2, 3, 4]
    assert [parts[0][15, x] for x in (21, 36)] == [1, 2]
    assert parts[0][15, 8] == 1
    assert parts[0][15, 50] == 2


def test_what_lies_apart_is_no_part_without_a_number():
    mask = np.zeros((9, 40), bool)
    mask[1:8, 1:8] = mask[1:8, 12:19] = mask[4, 30] = True
    parts = split_object(mask, Cut(2, 0.1, (0, 0), (1.0, 1.0)))
    np.testing.assert_array_equal(parts > 0, mask)
    assert parts.max() == 2


def test_a_compact_object_stays_whole():
    mask = balls((30, 30), [(15, 15)], 11, (1.0, 1.0))[0]
    assert split_object(mask, Cut(8, 0.15, (1, 1), (1.0, 1.0))).max() == 1
