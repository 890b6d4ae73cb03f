from dataclasses import replace
from math import nan

import numpy as np
import pytest

from bioloom.evaluate import METRICS
from bioloom.evaluate.comparison import compare
from bioloom.evaluate.metric import channel_of
from bioloom.evaluate.point_matching import PointComparison
from bioloom.report import wording
from bioloom.volumes.points import Points


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
        (3.0, "objects_missing", "3"),
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


@pytest.mark.parametrize(
    ("metric", "leads"),
    [
        ("f1@0.5", True),
        ("objects_truth", True),
        ("psnr", True),
        ("missing", False),
        ("objects_missing", False),
        ("ap", False),
        ("ap@0.5", False),
    ],
)
def test_the_first_table_is_not_flooded(metric, leads):
    assert wording.leads(metric) is leads


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_words_and_means_over_images_say_so(name):
    labels, options = np.ones((4, 4), np.uint8), METRICS.parse(name)
    comparison = replace(compare(labels, labels), means={channel_of(options): np.ones(1)})
    if METRICS[name].truths == ("points",):
        points = Points.of([[1.0, 2.0]], ["a"])
        comparison = PointComparison(points, points, (1.0, 1.0), 1.0)
    for metric in METRICS[name].finish(METRICS[name].count(comparison, options)[""]):
        counted = metric.startswith("objects_") and metric not in wording.COUNTS
        assert counted or wording.meaning(metric), metric
        assert ("mean over images" in wording.label(metric)) is METRICS[name].averaged
