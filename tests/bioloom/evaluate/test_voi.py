import numpy as np
import pytest
from scipy.stats import entropy
from skimage.metrics import variation_of_information

from bioloom.evaluate.comparison import compare
from bioloom.evaluate.voi import METRIC, VoiOptions


@pytest.fixture
def score(metrics_of):
    return lambda truth, labels, **options: metrics_of(METRIC, compare(truth, labels), VoiOptions(**options))


@pytest.mark.parametrize("background", [False, True])
def test_the_parts_are_those_of_scikit_image(score, truth, labels, background):
    ignored = () if background else (0,)
    split, merge = variation_of_information(truth, labels, ignore_labels=ignored)
    values = score(truth, labels, background=background)
    assert values["voi_split"] == pytest.approx(split, abs=1e-9)
    assert values["voi_merge"] == pytest.approx(merge, abs=1e-9)
    assert values["voi"] == pytest.approx(split + merge, abs=1e-9)


def test_splits_and_merges_are_not_confused(score):
    whole, halves = np.ones((4, 8), int), np.repeat([[1, 1, 1, 1, 2, 2, 2, 2]], 4, axis=0)
    assert score(whole, halves) == {"voi": 1, "voi_split": 1, "voi_merge": 0}
    assert score(halves, whole) == {"voi": 1, "voi_split": 0, "voi_merge": 1}


def test_a_perfect_prediction(score, truth):
    for background in (False, True):
        assert set(score(truth, truth * 3, background=background).values()) == {0}


def test_empty_images(score, truth):
    nothing = truth * 0
    assert np.isnan(list(score(nothing, truth, background=False).values())).all()
    for background in (False, True):
        assert np.isnan(list(score(nothing, nothing, background=background).values())).all()
    sizes = np.unique(truth[truth > 0], return_counts=True)[1]
    missed = score(truth, nothing, background=False)
    assert missed["voi_split"] == 0
    assert missed["voi_merge"] == pytest.approx(entropy(sizes, base=2))
