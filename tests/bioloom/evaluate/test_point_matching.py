from collections import Counter
from math import isnan

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from bioloom.evaluate.point_matching import (
    METRIC,
    PointComparison,
    PointMatchingOptions,
    match_points,
)
from bioloom.volumes.points import Points

SPACING = {2: (1.0, 0.5), 3: (3.0, 0.5, 0.7)}


def scene(ndim, seed, number=60, names=("a", "b")):
    rng = np.random.default_rng(seed)
    truth = Points.of(rng.uniform(0, 25, (number, ndim)), rng.choice(names, number))
    kept = rng.random(number) < 0.8
    places = truth.places[kept] + rng.normal(0, 0.8, (kept.sum(), ndim))
    classes = np.where(rng.random(kept.sum()) < 0.8, truth.classes[kept], names[0])
    more = rng.uniform(0, 25, (9, ndim))
    return truth, Points.of(np.concatenate([places, more]), [*classes, *rng.choice(names, 9)])


def counts(truth, found, ndim, tolerance=2.0, **options):
    comparison = PointComparison(truth, found, SPACING[ndim], tolerance)
    return METRIC.count(comparison, PointMatchingOptions(**options))


def brute_force(truth, found, ndim, tolerance=2.0):
    distance = cdist(truth * SPACING[ndim], found * SPACING[ndim])
    value = np.where(distance <= tolerance, 1000 - distance, 0)
    rows, columns = linear_sum_assignment(value, maximize=True)
    return int((distance[rows, columns] <= tolerance).sum())


@pytest.mark.parametrize("ndim", [2, 3])
def test_counts_of_classes_and_of_all_are_those_of_brute_force(ndim):
    for seed in range(5):
        truth, found = scene(ndim, seed)
        got = counts(truth, found, ndim)
        total = 0
        for class_ in "ab":
            own, other = truth.classes == class_, found.classes == class_
            tp = brute_force(truth.places[own], found.places[other], ndim)
            total += tp
            assert got[class_]["tp"] == tp
            assert got[class_]["fp"] == other.sum() - tp
            assert got[class_]["fn"] == own.sum() - tp
        assert got[""]["tp"] == total
        assert got[""]["fn"] == len(truth) - total
        assert got[""]["tp_any_class"] == brute_force(truth.places, found.places, ndim)
        assert got[""]["tp_any_class"] > total


@pytest.mark.parametrize("ndim", [2, 3])
def test_counts_of_two_images_add_up(ndim):
    one, other = scene(ndim, 1), scene(ndim, 2, names=("a", "c"))
    apart = np.array([1000.0] + [0.0] * (ndim - 1))
    both = [
        Points.of(np.concatenate([a.places, b.places + apart]), [*a.classes, *b.classes])
        for a, b in zip(one, other, strict=True)
    ]
    total = {}
    for part in (one, other):
        for class_, values in counts(*part, ndim).items():
            total.setdefault(class_, Counter()).update(values)
    together = counts(*both, ndim)
    assert set(total) == set(together) == {"", "a", "b", "c"}
    for class_, values in together.items():
        assert dict(total[class_]) == pytest.approx(values)
        assert METRIC.finish(total[class_]) == pytest.approx(METRIC.finish(values))


def test_the_values_by_hand():
    truth = Points.of([[0.0, 0], [0, 10], [0, 20]], ["a", "a", "b"])
    found = Points.of([[1.0, 0], [0, 20], [0, 30]], ["a", "a", "a"])
    got = counts(truth, found, 2)
    values = METRIC.finish(got[""])
    assert values["f1"] == pytest.approx(2 / (2 + 2 + 2))
    assert values["precision"] == values["recall"] == pytest.approx(1 / 3)
    assert values["mean_distance_um"] == pytest.approx(1.0)
    assert values["f1_any_class"] == pytest.approx(2 / 3)
    assert values["mean_distance_um_any_class"] == pytest.approx(0.5)
    assert (values["objects_truth"], values["objects_predicted"]) == (3, 3)
    assert METRIC.finish(got["b"])["recall"] == 0
    assert isnan(METRIC.finish(got["b"])["precision"])


def test_without_classes_there_is_one_row():
    truth, found = Points.of([[0.0, 0]]), Points.of([[0.0, 0]])
    got = counts(truth, found, 2)
    assert set(got) == {""}
    assert "f1_any_class" not in METRIC.finish(got[""])


def test_nothing_there_says_nothing_and_a_given_tolerance_wins():
    none, one, near = Points.of(np.zeros((0, 2))), Points.of([[0.0, 0]]), Points.of([[3.0, 0]])
    empty = METRIC.finish(counts(none, none, 2)[""])
    assert isnan(empty["f1"])
    assert METRIC.finish(counts(none, one, 2)[""])["f1"] == 0
    assert METRIC.finish(counts(one, none, 2)[""])["recall"] == 0
    assert counts(one, near, 2)[""]["tp"] == 0
    assert counts(one, near, 2, tolerance_um=3.0)[""]["tp"] == 1


@pytest.mark.parametrize("by_class", [True, False])
def test_the_outcome_of_every_point_is_known(by_class):
    truth, found = scene(2, 7)
    outcome = match_points(truth, found, 2.0, SPACING[2], by_class=by_class)
    assert sorted([*outcome.truth, *outcome.missed]) == list(range(len(truth)))
    assert sorted([*outcome.found, *outcome.invented]) == list(range(len(found)))
    same = truth.classes[outcome.truth] == found.classes[outcome.found]
    assert same.all() == by_class
