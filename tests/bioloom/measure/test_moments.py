from dataclasses import fields
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioloom.measure.moments import Moments, accumulate, axis_pairs, centered, merge
from bioloom.measure.runs import object_runs


def assert_equal(one: Moments, other: Moments) -> None:
    for field in fields(Moments):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), field.name)


def moments_of(labels, **more):
    return accumulate(object_runs(labels), **more)


def in_blocks(labels, distance, side):
    """The moments of every block of an array, in a shuffled order."""
    corners = list(product(*(range(0, n, side) for n in labels.shape)))
    np.random.default_rng(0).shuffle(corners)
    parts = []
    for corner in corners:
        box = tuple(slice(start, start + side) for start in corner)
        parts.append(moments_of(labels[box], distance=distance[box], origin=corner))
    return parts


@pytest.mark.parametrize("side", [1, 5, 8, 1000])
def test_blocks_add_up_to_the_whole(labels, side):
    distance = np.random.default_rng(1).random(labels.shape)
    whole = moments_of(labels, distance=distance)
    assert_equal(merge(in_blocks(labels, distance, side)), whole)


def test_merging_goes_in_any_order_and_any_grouping(labels):
    parts = in_blocks(labels, np.zeros(labels.shape), 9)
    halves = merge([merge(parts[::2]), merge(parts[1::2])])
    assert_equal(halves, merge(parts[::-1]))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_any_labels_in_any_blocks(height, width, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, (height, width))
    distance = rng.random((height, width))
    whole = moments_of(labels, distance=distance)
    assert_equal(merge(in_blocks(labels, distance, int(rng.integers(1, 4)))), whole)


def test_sums_are_those_of_a_loop(labels, ndim):
    distance = np.random.default_rng(1).random(labels.shape)
    moments = moments_of(labels, distance=distance)
    np.testing.assert_array_equal(moments.ids, np.unique(labels)[1:])
    for index, object_id in enumerate(moments.ids):
        points = np.argwhere(labels == object_id)
        here = labels == object_id
        assert moments.voxels[index] == len(points)
        np.testing.assert_array_equal(moments.first[index], points.sum(axis=0))
        products = [(points[:, a] * points[:, b]).sum() for a, b in axis_pairs(ndim)]
        np.testing.assert_array_equal(moments.second[index], products)
        np.testing.assert_array_equal(moments.start[index], points.min(axis=0))
        np.testing.assert_array_equal(moments.stop[index], points.max(axis=0) + 1)
        assert moments.distance[index] == distance[here].max()


def test_second_moments_are_exact_far_from_the_origin(labels, ndim):
    near = moments_of(labels)
    far = moments_of(labels, origin=(2**31,) * ndim)
    assert (np.abs(far.second.astype(float)) < (2.0**31) ** 2).any()  # the sums did wrap around
    np.testing.assert_allclose(centered(far)[1], centered(near)[1], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(centered(far)[0] - 2**31, centered(near)[0], atol=1e-5)


def test_covariance_is_that_of_the_voxel_centres(labels):
    centroids, covariance = centered(moments_of(labels))
    for index, object_id in enumerate(np.unique(labels)[1:]):
        points = np.argwhere(labels == object_id)
        np.testing.assert_allclose(centroids[index], points.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(covariance[index], np.cov(points.T, bias=True), rtol=1e-9, atol=1e-9)


def test_ids_above_32_bits_stay_apart():
    labels = np.array([[2**40, 2**40 + 2**32, 0], [2**40, 2**62, 2**62]], np.uint64)
    moments = moments_of(labels)
    np.testing.assert_array_equal(moments.ids, [2**40, 2**40 + 2**32, 2**62])
    np.testing.assert_array_equal(moments.voxels, [2, 1, 2])


@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 5), (0, 5)])
def test_no_objects(shape):
    empty = moments_of(np.zeros(shape, np.uint8))
    assert len(empty) == 0
    assert empty.ndim == len(shape)
    assert len(merge([empty, empty])) == 0
    assert centered(empty)[1].shape == (0, len(shape), len(shape))
