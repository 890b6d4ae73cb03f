import numpy as np
import pytest
from scipy import ndimage

from bioloom.targets.facts import ObjectFacts
from bioloom.targets.signed_distance import SignedDistance, SignedDistanceOptions

CASES = [((14, 17), (1.0, 1.0)), ((14, 17), (0.4, 1.3)), ((6, 9, 11), (2.0, 0.5, 0.6))]


def scene(shape, spacing):
    """Two objects that touch, one of them cut by the border, and their distances by scipy."""
    labels = np.zeros(shape, np.uint8)
    labels[2:, 3:7, ...] = 1
    labels[3:, 7:, ...] = 2
    if labels.ndim == 3:
        labels[..., :2] = 0
    inside = sum(ndimage.distance_transform_edt(labels == i, sampling=spacing) for i in (1, 2))
    outside = ndimage.distance_transform_edt(labels == 0, sampling=spacing)
    return labels, inside, outside


@pytest.mark.parametrize(("shape", "spacing"), CASES)
def test_distances_on_both_sides(shape, spacing):
    labels, inside, outside = scene(shape, spacing)
    radii = np.array([inside[labels == i].max() for i in (1, 2)])
    facts = ObjectFacts(np.array([1, 2]), np.zeros((2, len(shape))), radii, 0.8)
    uncut = ((False, False),) * len(shape)
    own = np.append(1, radii)[labels]
    wanted = {
        ("object", "linear", 1): np.where(labels > 0, inside / own, -np.minimum(outside / 0.8, 1)),
        ("median", "linear", 2): np.clip((inside - outside) / 0.8, -2, 2),
        ("median", "tanh", 3): np.tanh(np.clip((inside - outside) / 0.8, -3, 3)),
    }
    for (scale, form, limit), expected in wanted.items():
        options = SignedDistanceOptions(scale=scale, shape=form, limit=limit)
        values, weight = SignedDistance(options).make(labels, facts, spacing, uncut)
        np.testing.assert_allclose(values[0], expected, rtol=1e-5)
        assert weight.all()
        np.testing.assert_array_equal(values[0] > 0, labels > 0)


def test_what_is_beyond_the_limit_is_settled_at_a_cut():
    labels = np.zeros((3, 12), int)
    labels[:, :2] = 1
    facts = ObjectFacts(np.array([1]), np.zeros((1, 2)), np.array([2.0]), 1.0)
    target = SignedDistance(SignedDistanceOptions(limit=3))
    values, weight = target.make(labels, facts, (1.0, 1.0), ((False, False), (False, True)))
    np.testing.assert_array_equal(values[0, 0, :6], [1, 0.5, -1, -2, -3, -3])
    np.testing.assert_array_equal(weight[0, 0], [1] * 10 + [0] * 2)


def test_an_object_of_unknown_radius_does_not_count():
    labels = np.array([[0, 0, 1, 1, 0, 2]])
    facts = ObjectFacts(np.array([1, 2]), np.zeros((2, 2)), np.array([np.inf, 1.0]), 1.0)
    _, weight = SignedDistance(SignedDistanceOptions()).make(labels, facts, (1.0, 1.0), ((False, False),) * 2)
    np.testing.assert_array_equal(weight[0, 0], [1, 1, 0, 0, 1, 1])
