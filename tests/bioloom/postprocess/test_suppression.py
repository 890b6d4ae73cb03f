import numpy as np
import pytest

from bioloom.postprocess.suppression import suppress

SPACING = {2: (0.5, 1.5), 3: (2.0, 0.5, 0.7)}


def one_by_one(places, scores, radius, spacing):
    """The slow and plain way."""
    order = sorted(range(len(places)), key=lambda i: (-scores[i], *places[i]))
    kept = []
    for index in order:
        away = [np.linalg.norm((places[index] - places[other]) * spacing) for other in kept]
        if not away or min(away) >= radius:
            kept.append(index)
    return kept


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("radius", [0.5, 2.0, 50.0])
def test_it_is_the_plain_way_with_many_equal_scores(ndim, radius):
    rng = np.random.default_rng(ndim)
    places = np.unique(np.round(rng.uniform(0, 12, (300, ndim)), 1), axis=0)
    places = rng.permutation(places)
    scores = np.round(rng.random(len(places)), 1)
    kept = suppress(places, scores, radius, SPACING[ndim])
    assert kept.tolist() == one_by_one(places, scores, radius, SPACING[ndim])


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_order_of_the_points_does_not_matter(ndim):
    rng = np.random.default_rng(1)
    places = np.unique(rng.integers(0, 20, (400, ndim)), axis=0).astype(float)
    scores = np.round(rng.random(len(places)), 1)
    mixed = rng.permutation(len(places))
    kept = places[suppress(places, scores, 3.0, SPACING[ndim])]
    again = places[mixed][suppress(places[mixed], scores[mixed], 3.0, SPACING[ndim])]
    np.testing.assert_array_equal(kept, again)


def test_points_exactly_a_radius_apart_both_stay():
    places = np.array([[0.0, 0], [0, 3], [0, 6.0], [0, 8.9]])
    assert suppress(places, np.array([0.5, 0.9, 0.5, 0.4]), 3.0, (1, 1)).tolist() == [1, 0, 2]


def test_a_radius_of_0_keeps_all_and_none_is_none():
    places = np.array([[1.0, 1], [1, 1.01]])
    assert suppress(places, np.array([0.1, 0.2]), 0.0, (1, 1)).tolist() == [1, 0]
    assert suppress(places[:0], np.zeros(0), 3.0, (1, 1)).tolist() == []


def test_a_hundred_thousand_points():
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 2000, (100_000, 2))
    kept = suppress(places, rng.random(len(places)), 6.0, (1, 1))
    assert 20_000 < len(kept) < 50_000
