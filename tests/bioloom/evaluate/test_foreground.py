import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.evaluate.foreground import METRIC, ForegroundOptions, count


def metrics_of(truth, labels):
    table = METRIC.finish(count(truth, labels, (1.0,) * truth.ndim, ForegroundOptions()))
    return dict(zip(table["metric"], table["value"], strict=True))


def test_iou_and_dice_are_those_of_the_masks(truth, labels):
    one, other = truth > 0, labels > 0
    values = metrics_of(truth, labels)
    assert values["foreground_iou"] == pytest.approx((one & other).sum() / (one | other).sum(), rel=1e-12)
    assert values["foreground_dice"] == pytest.approx(2 * (one & other).sum() / (one.sum() + other.sum()))


def test_ids_do_not_matter(truth, labels):
    assert metrics_of(truth > 0, labels * 3) == metrics_of(truth, labels)


def test_a_perfect_prediction_has_one_everywhere(truth):
    assert set(metrics_of(truth, truth).values()) == {1.0}


def test_empty_images(truth):
    assert set(metrics_of(truth, truth * 0).values()) == set(metrics_of(truth * 0, truth).values()) == {0.0}
    assert np.isnan(list(metrics_of(truth * 0, truth * 0).values())).all()


def test_different_shapes_are_refused(truth, labels):
    with pytest.raises(BioLoomError, match="the truth has shape"):
        count(truth, labels[1:], (1.0,) * truth.ndim, ForegroundOptions())
