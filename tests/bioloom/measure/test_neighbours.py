import numpy as np

from bioloom.measure.neighbours import count_touching, nearest_distance


def test_each_pair_counts_for_both():
    pairs = np.array([[3, 7], [3, 9], [7, 2**40]])
    assert count_touching(np.array([3, 5, 7, 9, 2**40]), pairs).tolist() == [2, 0, 2, 1, 1]


def test_nobody_touches():
    assert count_touching(np.array([1, 2]), np.zeros((0, 2), np.int64)).tolist() == [0, 0]
    assert count_touching(np.zeros(0, np.int64), np.zeros((0, 2), np.int64)).tolist() == []


def test_distances_are_those_of_all_pairs(ndim):
    centroids = np.random.default_rng(0).normal(size=(50, ndim))
    distances = np.linalg.norm(centroids[:, None] - centroids[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    np.testing.assert_allclose(nearest_distance(centroids), distances.min(axis=1))


def test_one_centre_for_two_objects():
    np.testing.assert_allclose(nearest_distance(np.array([[1.0, 1], [1, 1], [1, 3]])), [0, 0, 2])


def test_a_single_object_has_no_neighbour():
    assert np.isnan(nearest_distance(np.array([[1.0, 2]]))).tolist() == [True]
    assert len(nearest_distance(np.zeros((0, 3)))) == 0
