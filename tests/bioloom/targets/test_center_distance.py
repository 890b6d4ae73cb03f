import numpy as np
import pytest

from bioloom.targets.center_distance import CenterDistance, CenterDistanceOptions
from bioloom.targets.facts import ObjectFacts


@pytest.mark.parametrize(("shape", "spacing"), [((9, 11), (1.0, 0.5)), ((7, 9, 11), (2.0, 0.5, 0.7))])
def test_it_grows_from_the_center_to_the_reach(shape, spacing):
    labels = np.zeros(shape, int)
    labels[(slice(1, 6), slice(2, 7), slice(2, 9))[: len(shape)]] = 4
    voxels = np.argwhere(labels == 4)
    center = voxels.mean(0)
    half = np.abs(voxels - center).max(0)
    facts = ObjectFacts(np.array([4]), center[None], np.array([1.0]), 1.0, half_lengths=half[None])
    values, weight = CenterDistance(CenterDistanceOptions()).make(
        labels, facts, spacing, ((True, True),) * len(shape)
    )
    away = np.linalg.norm((np.argwhere(np.ones(shape)) - center) * spacing, axis=1).reshape(shape)
    expected = np.where(labels == 4, np.minimum(away / (half * spacing).max(), 1), 1)
    np.testing.assert_allclose(values[0], expected, rtol=1e-5)
    assert weight.all(), "a cut takes nothing away from an object whose facts are known"
    assert values[0][tuple(center.astype(int))] == 0


def test_an_object_that_is_not_known_whole_does_not_count():
    facts = ObjectFacts(np.array([1]), np.zeros((1, 2)), np.array([np.inf]), 1.0)
    labels = np.array([[0, 1, 1]])
    _, weight = CenterDistance(CenterDistanceOptions()).make(labels, facts, (1.0, 1.0), ((False, False),) * 2)
    np.testing.assert_array_equal(weight[0], [[1, 0, 0]])
