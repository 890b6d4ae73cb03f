from itertools import product

import numpy as np
import pytest

from bioloom.targets.base import distance_to_cut, extended, outer_faces


@pytest.mark.parametrize(
    ("shape", "spacing", "cut"),
    [
        ((5, 7), (1.0, 1.0), ((True, False), (False, True))),
        ((4, 5, 3), (2.0, 0.5, 0.7), ((True, True), (False, True), (True, False))),
    ],
)
def test_distance_to_cut_is_that_to_the_nearest_unseen_voxel(shape, spacing, cut):
    unseen = []
    for place in product(*(range(-1, n + 1) for n in shape)):
        beyond = [(p < 0, p >= n) for p, n in zip(place, shape, strict=True)]
        if any(
            b and c for pair, cuts in zip(beyond, cut, strict=True) for b, c in zip(pair, cuts, strict=True)
        ):
            unseen.append(place)
    places = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    expected = np.linalg.norm((places[..., None, :] - np.array(unseen)) * spacing, axis=-1).min(-1)
    np.testing.assert_allclose(distance_to_cut(shape, spacing, cut), expected, rtol=1e-6)


def test_without_cuts_nothing_is_near_one():
    assert np.isinf(distance_to_cut((3, 3), (1.0, 1.0), ((False, False),) * 2)).all()


def test_labels_go_on_beyond_the_border():
    labels = np.array([[-1, 0, 3], [-4, 3, 0]])
    np.testing.assert_array_equal(extended(labels), [[0, 0, 3], [3, 3, 0]])
    unsigned = np.array([0, 7], np.uint8)
    assert extended(unsigned) is unsigned


def test_a_face_beyond_the_border_is_no_cut():
    labels = np.zeros((4, 5), int)
    labels[0] = -1
    labels[:, -1] = -3
    assert outer_faces(labels) == ((False, True), (True, False))
