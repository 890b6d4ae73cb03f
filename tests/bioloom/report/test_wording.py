from math import nan

import pytest

from bioloom.report import wording


@pytest.mark.parametrize(
    ("metric", "label"),
    [
        ("f1@0.5", "F1 at IoU 0.5"),
        ("psnr", "PSNR"),
        ("my_score", "my score"),
        ("top@k", "top@k"),
        ("pq@0.75", "Panoptic quality at IoU 0.75"),
    ],
)
def test_metrics_have_readable_names(metric, label):
    assert wording.label(metric) == label
    assert bool(wording.meaning(metric)) == (metric not in ("my_score", "top@k"))


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [
        (0.12345, "f1", "0.123"),
        (1234.0, "objects_truth", "1,234"),
        (7.0, "baseline_objects_predicted", "7"),
        (nan, "f1", "–"),
        (None, "f1", "–"),
    ],
)
def test_numbers(value, metric, text):
    assert wording.number(value, metric) == text


def test_the_headline_is_the_best_known_metric():
    assert wording.headline(["baseline_f1@0.5", "recall@0.5", "f1_mean", "f1@0.5"]) == "f1@0.5"
    assert wording.headline(["baseline_x", "y"]) == "y"
    assert wording.headline([]) is None
