import numpy as np
import pytest

from bioloom.targets.facts import ObjectFacts
from bioloom.targets.neighbour_distance import NeighbourDistance, NeighbourDistanceOptions

UNCUT = ((False, False),) * 2


def make(labels, radii, median=2.0, spacing=(1.0, 1.0), cut=UNCUT, **options):
    ids = np.arange(1, len(radii) + 1)
    facts = ObjectFacts(ids, np.zeros((len(ids), 2)), np.array(radii, float), median)
    return NeighbourDistance(NeighbourDistanceOptions(**options)).make(labels, facts, spacing, cut)


def test_it_falls_from_the_neighbour_to_the_middle_and_fills_gaps():
    labels = np.repeat([[1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 0, 3, 3]], 5, axis=0)
    values, weight = make(labels, [5.0, 3.0, 2.0])
    # object 1: reach 5; 2: reach 3, from both sides; the gap: reach 2, its second neighbour one voxel away
    expected = [0, 0.25, 0.5, 0.75, 1, 1, 0.5, 0, 0, 0.5, 1, 0, 0]
    np.testing.assert_allclose(values[0, 2], expected, atol=1e-6)
    assert weight.all()


def test_a_single_object_has_no_neighbour():
    labels = np.zeros((8, 8), int)
    labels[2:6, 2:6] = 1
    values, weight = make(labels, [2.0])
    assert not values.any()
    assert weight.all()


def test_micrometres_count():
    labels = np.repeat([[1, 1, 1, 2, 2, 2]], 3, axis=0)
    fine, _ = make(labels, [3.0, 3.0])
    coarse, _ = make(labels, [6.0, 6.0], spacing=(2.0, 2.0))
    np.testing.assert_allclose(fine, coarse)


@pytest.mark.parametrize("radius", [0.5, 1.0])
def test_tiny_objects_are_marked_where_they_touch(radius):
    values, _ = make(np.array([[0, 1, 2, 0, 0]]), [radius, radius], median=0.5)
    np.testing.assert_allclose(values[0, 0, 1:3], 1)


def test_a_cut_within_reach_unsettles():
    labels = np.repeat([[0, 0, 1, 1, 1, 1, 1, 1]], 3, axis=0)
    _, weight = make(labels, [4.0], cut=((False, False), (False, True)))
    np.testing.assert_array_equal(weight[0, 1], [1, 1, 1, 1, 1, 0, 0, 0])
