from itertools import combinations

import numpy as np
import pytest
from skimage.metrics import adapted_rand_error

from bioloom.evaluate.comparison import compare
from bioloom.evaluate.rand import METRIC, RandOptions


@pytest.fixture
def score(metrics_of):
    return lambda truth, labels, **options: metrics_of(METRIC, compare(truth, labels), RandOptions(**options))


def adjusted_by_pairs(truth, labels):
    """The adjusted Rand index from the four kinds of pairs of voxels, counted one by one."""
    together = np.zeros((2, 2))
    for i, j in combinations(range(truth.size), 2):
        together[int(truth[i] == truth[j]), int(labels[i] == labels[j])] += 1
    (d, c), (b, a) = together
    return 2 * (a * d - b * c) / ((a + b) * (b + d) + (a + c) * (c + d))


@pytest.mark.parametrize("background", [False, True])
def test_the_adapted_error_is_that_of_scikit_image(score, truth, labels, background):
    expected = adapted_rand_error(truth, labels, ignore_labels=() if background else (0,))[0]
    assert score(truth, labels, background=background)["adapted_rand_error"] == pytest.approx(
        expected, abs=1e-12
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", [(9, 10), (4, 5, 5)], ids=["2D", "3D"])
@pytest.mark.parametrize("background", [False, True])
def test_the_adjusted_index_is_that_of_all_pairs(score, shape, seed, background):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, shape)
    labels = np.where(rng.random(shape) < 0.7, truth * 5, rng.integers(0, 6, shape))
    kept = np.ones(shape, bool) if background else truth > 0
    expected = adjusted_by_pairs(truth[kept], labels[kept])
    assert score(truth, labels, background=background)["ari"] == pytest.approx(expected, abs=1e-9)


def test_a_known_value(score):
    # scikit-learn: adjusted_rand_score([0, 0, 1, 1], [0, 0, 1, 2]) = 0.571428...
    truth, labels = np.array([[1, 1, 2, 2]]), np.array([[1, 1, 2, 3]])
    assert score(truth, labels)["ari"] == pytest.approx(4 / 7)


def test_a_perfect_prediction(score, truth):
    for background in (False, True):
        assert score(truth, truth * 3, background=background) == {"ari": 1, "adapted_rand_error": 0}


def test_one_object_that_is_found_is_perfect_although_chance_says_nothing(score):
    one = np.ones((4, 5), int)
    assert score(one, one * 7) == {"ari": 1, "adapted_rand_error": 0}


def test_large_volumes_do_not_overflow(metrics_of):
    from bioloom.evaluate.comparison import Comparison
    from bioloom.evaluate.overlap import Overlap, candidates

    ids, voxels = np.array([1, 2]), np.array([10**12, 10**12])
    table = Overlap(ids, ids, voxels, np.zeros(2, bool), np.zeros((2, 0), np.int64))
    comparison = Comparison(table, candidates(table), {})
    assert metrics_of(METRIC, comparison, RandOptions()) == {"ari": 1, "adapted_rand_error": 0}


def test_empty_images(score, truth):
    nothing = truth * 0
    assert np.isnan(list(score(nothing, truth, background=False).values())).all()
    for background in (False, True):
        assert np.isnan(list(score(nothing, nothing, background=background).values())).all()
    missed = score(truth, nothing, background=False)
    assert missed["ari"] == pytest.approx(0)
    assert missed["adapted_rand_error"] == pytest.approx(adapted_rand_error(truth, nothing)[0])
    for empty in ((nothing, truth), (truth, nothing)):
        assert score(*empty, background=True)["ari"] == pytest.approx(0)
