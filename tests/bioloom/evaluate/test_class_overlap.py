from math import isnan

import numpy as np
import pytest

from bioloom.evaluate import METRICS
from bioloom.evaluate.class_overlap import METRIC
from bioloom.evaluate.comparison import compare


def values(truth, labels, classes, **how):
    counts = METRIC.count(compare(truth, labels, classes=classes, **how), METRICS.parse("class_overlap"))
    return {class_: METRIC.finish(own) for class_, own in counts.items()}


@pytest.mark.parametrize("shape", [(20, 30), (5, 10, 12)])
def test_scores_of_classes_are_those_of_sets_of_voxels(shape):
    rng = np.random.default_rng(0)
    truth = rng.choice([0, 1, 6], shape, p=[0.6, 0.3, 0.1])
    labels = np.where(rng.random(shape) < 0.7, truth, rng.choice([0, 1, 6], shape))
    found = values(truth, labels, (0, 1, 6))
    there = {c: set(np.flatnonzero(truth == c)) for c in (0, 1, 6)}
    here = {c: set(np.flatnonzero(labels == c)) for c in (0, 1, 6)}
    for c in (0, 1, 6):
        both = len(there[c] & here[c])
        assert found[str(c)]["iou"] == pytest.approx(both / len(there[c] | here[c]))
        assert found[str(c)]["dice"] == pytest.approx(2 * both / (len(there[c]) + len(here[c])))
    for metric in ("iou", "dice"):
        assert found[""][metric] == pytest.approx(np.mean([found[c][metric] for c in ("0", "1", "6")]))


def test_of_two_classes_the_mean_is_that_of_the_one_which_is_no_background():
    truth, labels = np.array([[0, 0, 1, 1, 1, 0]]), np.array([[0, 1, 1, 1, 0, 0]])
    found = values(truth, labels, (0, 1))
    assert found[""] == found["1"] == {"iou": 0.5, "dice": pytest.approx(2 / 3)}
    both = values(truth + 1, labels + 1, (1, 2))
    assert both[""]["iou"] == pytest.approx((both["1"]["iou"] + both["2"]["iou"]) / 2)


def test_a_class_that_is_nowhere_does_not_enter_the_mean():
    truth = np.array([[0, 0, 1, 1]])
    found = values(truth, truth, (0, 1, 2))
    assert isnan(found["2"]["iou"])
    assert found[""]["iou"] == 1


def test_a_class_of_the_truth_that_cannot_be_predicted_counts_as_missed():
    found = values(np.array([[0, 1, 5, 5]]), np.array([[0, 1, 0, 0]]), (0, 1))
    assert found["5"]["iou"] == 0
    assert found[""]["iou"] == pytest.approx((1 / 3 + 1 + 0) / 3)
