import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from bioloom.evaluate import pairing
from bioloom.evaluate.pairing import near_pairs, pair_points

SPACING = {2: (1.0, 1.0), 3: (3.0, 0.5, 0.7)}


def by_brute_force(truth, found, tolerance, spacing):
    """The number of pairs and the sum of their distances, from the dense matrix."""
    distance = cdist(truth * spacing, found * spacing)
    value = np.where(distance <= tolerance, 1000 * tolerance - distance, 0)
    rows, columns = linear_sum_assignment(value, maximize=True)
    kept = distance[rows, columns] <= tolerance
    return kept.sum(), distance[rows, columns][kept].sum()


@pytest.fixture(params=["matrix", "sparse"])
def way(request, monkeypatch):
    """Both ways of solving a group."""
    monkeypatch.setattr(pairing, "LARGEST_MATRIX", 2**18 if request.param == "matrix" else 0)


@pytest.mark.usefixtures("way")
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 40), m=st.integers(1, 40), side=st.floats(1, 40))
@pytest.mark.parametrize("ndim", [2, 3])
def test_as_many_pairs_as_brute_force_and_as_near(ndim, seed, n, m, side):
    rng = np.random.default_rng(seed)
    truth, found = rng.uniform(0, side, (n, ndim)), rng.uniform(0, side, (m, ndim))
    row, column, distance = pair_points(truth, found, 4.0, SPACING[ndim])
    assert len(set(row)) == len(row)
    assert len(set(column)) == len(column)
    steps = np.array(SPACING[ndim])
    np.testing.assert_allclose(np.linalg.norm((truth[row] - found[column]) * steps, axis=1), distance)
    assert (distance <= 4).all()
    count, total = by_brute_force(truth, found, 4.0, SPACING[ndim])
    assert len(row) == count
    np.testing.assert_allclose(distance.sum(), total, atol=1e-6)


def test_more_pairs_win_over_a_nearer_one():
    truth, found = np.array([[0.0, 0], [0, 3]]), np.array([[0.0, 2.9], [0, 5.9]])
    row, column, _ = pair_points(truth, found, 3.0, (1, 1))
    assert row.tolist() == [0, 1]
    assert column.tolist() == [0, 1]


def test_the_tolerance_itself_is_allowed_and_equal_points_are_a_pair():
    points = np.array([[1.0, 2], [5, 9]])
    assert len(pair_points(points, points + np.array([0, 3]), 3.0, (1, 1))[0]) == 2
    assert len(pair_points(points, points + np.array([0, 3.001]), 3.0, (1, 1))[0]) == 0
    assert pair_points(points, points, 3.0, (1, 1))[2].tolist() == [0, 0]


@pytest.mark.parametrize("ndim", [2, 3])
def test_nothing_pairs_with_nothing(ndim):
    some, none = np.ones((3, ndim)), np.zeros((0, ndim))
    for truth, found in ((some, none), (none, some), (none, none)):
        assert all(len(part) == 0 for part in pair_points(truth, found, 3.0, SPACING[ndim]))


def test_a_hundred_thousand_points_take_no_matrix():
    rng = np.random.default_rng(0)
    side = int(np.sqrt(100_000))
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2) * 4.0
    truth, found = grid + rng.uniform(-1, 1, grid.shape), grid + rng.uniform(-1, 1, grid.shape)
    kept = rng.random(len(found)) < 0.9
    row, column, _ = pair_points(truth, found[kept], 2.0, (1, 1))
    near = np.linalg.norm(truth - found, axis=1) <= 2
    np.testing.assert_array_equal(row, np.flatnonzero(kept & near))
    np.testing.assert_array_equal(np.flatnonzero(kept)[column], row)


def test_points_that_all_hang_together_take_no_matrix():
    """Every point has several partners within reach, all are one group; some stay alone."""
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(np.arange(60), np.arange(60)), -1).reshape(-1, 2) * 4.0
    truth, found = grid + rng.uniform(-1, 1, grid.shape), grid + rng.uniform(-1, 1, grid.shape)
    found = found[rng.random(len(found)) < 0.9]
    assert len(near_pairs(truth, found, 4.5, (1, 1))[0]) > 3 * len(found)
    row, _, distance = pair_points(truth, found, 4.5, (1, 1))
    assert len(row) == len(found)
    assert np.median(distance) < 1.2
