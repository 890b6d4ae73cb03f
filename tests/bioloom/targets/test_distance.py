import numpy as np
import pytest

from bioloom.targets.distance import Distance, DistanceOptions
from bioloom.targets.facts import ObjectFacts

CASES = [((14, 17), (1.0, 1.0)), ((14, 17), (0.4, 1.3)), ((6, 9, 8), (2.0, 0.5, 0.6))]


def brute_force(labels, spacing):
    """Distance of every object voxel to the nearest voxel with another label."""
    places = np.argwhere(np.ones(labels.shape, bool))
    flat = labels.ravel()
    apart = np.linalg.norm((places[:, None] - places[None]) * spacing, axis=-1)
    apart[flat[:, None] == flat[None]] = np.inf
    return np.where(flat > 0, apart.min(1), 0).reshape(labels.shape)


def three_objects(shape):
    labels = np.zeros(shape, np.uint8)
    labels[..., 1:6] = 1
    labels[..., 6:] = 2
    labels[1:3, 2:5] = 3
    return labels


@pytest.mark.parametrize(("shape", "spacing"), CASES)
def test_distances_by_brute_force(shape, spacing):
    labels = three_objects(shape)
    expected = brute_force(labels, spacing)
    radii = np.array([expected[labels == i].max() for i in (1, 2, 3)])
    facts = ObjectFacts(np.arange(1, 4), np.zeros((3, len(shape))), radii, 1.7)
    uncut = ((False, False),) * len(shape)

    values, weight = Distance(DistanceOptions(scale="median")).make(labels, facts, spacing, uncut)
    np.testing.assert_allclose(values[0], expected / 1.7, rtol=1e-5)
    assert weight.all()

    values, _ = Distance(DistanceOptions()).make(labels, facts, spacing, uncut)
    np.testing.assert_allclose(values[0], expected / np.append(1, radii)[labels], rtol=1e-5)
    assert [values[0][labels == i].max() for i in (1, 2, 3)] == pytest.approx([1, 1, 1])


def test_a_cut_unsettles_voxels_that_are_nearer_to_it_than_to_the_boundary():
    labels = np.zeros((3, 12), int)
    labels[:, 4:] = 1
    facts = ObjectFacts(np.array([1]), np.zeros((1, 2)), np.array([9.0]), 1.0)
    _, weight = Distance(DistanceOptions()).make(labels, facts, (1.0, 1.0), ((False, False), (False, True)))
    np.testing.assert_array_equal(weight[0, 0], [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0])


def test_without_any_boundary_there_is_no_distance():
    facts = ObjectFacts(np.array([1]), np.zeros((1, 2)), np.array([9.0]), 1.0)
    values, weight = Distance(DistanceOptions()).make(
        np.ones((5, 5), int), facts, (1.0, 1.0), ((False, False),) * 2
    )
    assert not values.any()
    assert not weight.any()


def test_the_margin_is_twice_the_median_radius():
    assert Distance(DistanceOptions()).margin(3.0, (2.0, 0.5, 0.7)) == (3, 12, 9)
