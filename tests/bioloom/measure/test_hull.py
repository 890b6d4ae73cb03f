from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.morphology import convex_hull_image

from bioloom.measure import hull
from bioloom.measure.hull import accumulate, hull_pixels, merge
from bioloom.measure.runs import object_runs


@pytest.fixture
def labels():
    rng = np.random.default_rng(2)
    smooth = ndimage.gaussian_filter(rng.normal(size=(90, 110)), 3)
    pieces, number = ndimage.label(smooth > smooth.std() / 2)
    pieces[pieces == number] = 1  # one object in two places
    return pieces


def hulls_of(labels, origin=(0, 0)):
    return accumulate(object_runs(labels), origin)


def expected(labels):
    ids = np.unique(labels[labels > 0])
    return [convex_hull_image(labels == object_id).sum() for object_id in ids]


def test_hulls_are_those_of_scikit_image(labels):
    assert hull_pixels(hulls_of(labels)).tolist() == expected(labels)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_any_objects(height, width, objects, seed):
    labels = np.random.default_rng(seed).integers(0, objects + 1, (height, width))
    assert hull_pixels(hulls_of(labels)).tolist() == expected(labels)


@pytest.mark.parametrize("side", [1, 7, 40, 1000])
def test_blocks_add_up_to_the_whole(labels, side):
    labels = labels[: 30 * side, : 30 * side]
    whole = hulls_of(labels)
    assert len(whole.corners) > 0
    corners = list(product(*(range(0, n, side) for n in labels.shape)))
    np.random.default_rng(0).shuffle(corners)
    parts = [hulls_of(labels[y : y + side, x : x + side], (y, x)) for y, x in corners]
    np.testing.assert_array_equal(merge(parts).corners, whole.corners)
    twice = merge([merge(parts[: len(parts) // 2 + 1]), merge(parts[len(parts) // 2 :])])
    np.testing.assert_array_equal(twice.corners, whole.corners)


def test_only_corners_are_kept():
    square = np.pad(np.ones((50, 50), int), 3)
    assert len(hulls_of(square).corners) == 4


def test_a_large_object_has_few_corners():
    y, x = np.indices((601, 601)) - 300
    disc = (y**2 + x**2 <= 300**2).astype(np.uint8)
    found = hulls_of(disc)
    assert len(found.corners) < 300
    assert hull_pixels(found).tolist() == expected(disc)


def test_objects_are_counted_in_portions(labels, monkeypatch):
    found = hulls_of(labels)
    whole = hull_pixels(found)
    monkeypatch.setattr(hull, "_ROWS_AT_ONCE", 30)
    np.testing.assert_array_equal(hull_pixels(found), whole)


def test_far_from_the_origin(labels):
    far = hulls_of(labels, origin=(2**28, 2**28))
    np.testing.assert_array_equal(hull_pixels(far), hull_pixels(hulls_of(labels)))


def test_no_objects():
    empty = hulls_of(np.zeros((4, 5), int))
    assert len(hull_pixels(merge([empty, empty]))) == 0
