import numpy as np
import pytest

from bioloom.evaluate.comparison import compare
from bioloom.evaluate.foreground import METRIC, ForegroundOptions


@pytest.fixture
def score(metrics_of):
    return lambda truth, labels: metrics_of(METRIC, compare(truth, labels), ForegroundOptions())


def test_iou_and_dice_are_those_of_the_masks(score, truth, labels):
    one, other = truth > 0, labels > 0
    values = score(truth, labels)
    assert values["foreground_iou"] == pytest.approx((one & other).sum() / (one | other).sum(), rel=1e-12)
    assert values["foreground_dice"] == pytest.approx(2 * (one & other).sum() / (one.sum() + other.sum()))


def test_ids_do_not_matter(score, truth, labels):
    assert score(truth > 0, labels * 3) == score(truth, labels)


def test_a_perfect_prediction_has_one_everywhere(score, truth):
    assert set(score(truth, truth).values()) == {1.0}


def test_empty_images(score, truth):
    assert set(score(truth, truth * 0).values()) == set(score(truth * 0, truth).values()) == {0.0}
    assert np.isnan(list(score(truth * 0, truth * 0).values())).all()
