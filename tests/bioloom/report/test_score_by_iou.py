from math import nan

import numpy as np

from bioloom.report import score_by_iou

SUMMARY = {
    "f1@0.75": 0.6,
    "f1@0.5": 0.9,
    "f1@0.95": nan,
    "f1_mean": 0.5,
    "precision@0.5": 0.95,
    "precision@0.75": 0.7,
    "baseline_f1@0.5": 0.7,
    "baseline_f1@0.75": 0.3,
}


def test_series_are_ordered_and_without_nan():
    thresholds, values = score_by_iou.series(SUMMARY, "f1")
    assert thresholds.tolist() == [0.5, 0.75]
    assert values.tolist() == [0.9, 0.6]
    assert score_by_iou.series(SUMMARY, "baseline_f1")[1].tolist() == [0.7, 0.3]
    assert score_by_iou.series(SUMMARY, "recall")[0].size == 0


def test_one_threshold_is_no_curve():
    assert score_by_iou.drawable(SUMMARY)
    assert not score_by_iou.drawable({"f1@0.5": 0.9, "f1@0.75": nan})


def test_every_curve_is_drawn(ink):
    figure = score_by_iou.draw(SUMMARY)
    curves = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines}
    assert np.array_equal(curves["F1"], [0.9, 0.6])
    assert np.array_equal(curves["F1 of the baseline"], [0.7, 0.3])
    assert ink(figure) > 0.01
    assert ink(score_by_iou.draw({"f1@0.5": 0.2, "f1@0.6": 0.1})) > 0.01
