from collections import Counter

import numpy as np
import pytest
from pydantic import ValidationError

from bioloom.errors import BioLoomError
from bioloom.evaluate.average_precision import BINS, METRIC, AveragePrecisionOptions, count, interpolated
from bioloom.evaluate.channels import Channels
from bioloom.evaluate.comparison import compare

THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
OPTIONS = AveragePrecisionOptions()


@pytest.fixture
def compared(open_prediction):
    """Compare two label images; `scores` are painted onto the predicted objects, by id."""

    def make(truth, labels, scores):
        painted = np.zeros(labels.shape, np.float32)
        for label, score in scores.items():
            painted[labels == label] = score
        return compare(truth, labels, Channels(open_prediction(painted[None]), ("auto",)))

    return make


@pytest.fixture
def scene(ndim):
    """Make a random image: boxes, most found with a shift, and the quantised score of every found one."""

    def make(seed, ties=False):
        rng = np.random.default_rng(seed)
        shape = {2: (60, 70), 3: (12, 30, 32)}[ndim]
        truth, labels = np.zeros((2, *shape), np.int64)
        for number in range(1, 22):
            start = [int(rng.integers(0, n - 7)) for n in shape]
            box = tuple(slice(a, a + int(rng.integers(3, 8))) for a in start)
            truth[box] = number
            moved = tuple(slice(s.start + int(rng.integers(0, 2)), s.stop) for s in box)
            labels[moved] = number * int(rng.random() < 0.85)
            labels[tuple(slice(a, a + 3) for a in [int(rng.integers(0, n - 3)) for n in shape])] = (
                100 + number
            )
        steps = rng.integers(0, 8, 200) * 1250 if ties else rng.permutation(BINS)[:200]
        ids = np.unique(labels[labels > 0])
        return truth, labels, {int(label): float(steps[label]) / BINS for label in ids}

    return make


def matched_by_loop(truth, labels, scores, threshold):
    """The predicted objects by falling score, each taking the free true object that it fits best."""
    free = set(np.unique(truth[truth > 0]).tolist())
    hits = []
    for label in sorted(scores, key=lambda label: -scores[label]):
        found = labels == label
        fits = {i: (found & (truth == i)).sum() / (found | (truth == i)).sum() for i in sorted(free)}
        best = max(fits, key=fits.get, default=None)
        hit = best is not None and fits[best] >= threshold
        hits.append((scores[label], hit))
        free -= {best} if hit else set()
    return hits


def average_by_loop(hits, n_truth):
    """The definition: at 101 recalls, the best precision of all cut-offs that reach the recall."""
    points = []
    for cut in sorted({score for score, _ in hits}):
        kept = [hit for score, hit in hits if score >= cut]
        points.append((sum(kept) / n_truth, sum(kept) / len(kept)))
    best = [max([p for r, p in points if r >= recall - 1e-12], default=0) for recall in np.arange(101) / 100]
    return np.mean(best)


def finished(*counts):
    sums = Counter()
    for values in counts:
        sums.update(values[""])
    return METRIC.finish(sums)


@pytest.mark.parametrize("ties", [False, True])
def test_the_pool_of_images_is_that_of_the_definition(compared, scene, ties):
    scenes = [scene(seed, ties) for seed in range(3)]
    values = finished(*(count(compared(*images), OPTIONS) for images in scenes))
    n_truth = sum(len(np.unique(truth)) - 1 for truth, _, _ in scenes)
    expected = []
    for threshold in THRESHOLDS:
        hits = [hit for images in scenes for hit in matched_by_loop(*images, threshold)]
        expected.append(average_by_loop(hits, n_truth))
        assert values[f"ap@{threshold:g}"] == pytest.approx(expected[-1], abs=1e-9)
    assert values["ap"] == pytest.approx(np.mean(expected), abs=1e-9)
    assert 0.05 < values["ap"] < values["ap@0.5"] < 0.99
    assert list(values) == ["ap", *(f"ap@{threshold:g}" for threshold in THRESHOLDS)]


def test_scores_are_rounded_before_anything_else(compared):
    """Ties by rounding enter together, in whatever order they are listed."""
    truth = np.zeros((4, 30), int)
    truth[:, 0:5], truth[:, 10:15] = 1, 2
    labels = truth + 5 * (truth > 0)
    labels[:, 20:25] = 9
    values = [
        finished(count(compared(truth, labels, {6: 0.9, 7: 0.50001, 9: 0.50001 + shift}), OPTIONS))
        for shift in (-0.00002, 0.00002)
    ]
    assert values[0] == values[1]
    assert values[0]["ap@0.5"] == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)


def test_of_two_equal_halves_the_one_of_higher_score_matches(compared):
    truth, labels = np.array([[1, 1, 1, 1, 0, 0, 5, 5]]), np.array([[2, 2, 3, 3, 0, 0, 4, 4]])
    for scores in ({2: 0.9, 3: 0.8, 4: 0.7}, {2: 0.8, 3: 0.9, 4: 0.7}):
        comparison = compared(truth, labels, scores)
        counts = count(comparison, OPTIONS)
        assert list(counts[""])[-3:] == ["0.9000@0.5", "0.8000@none", "0.7000@0.95"]
        values = finished(counts)
        assert values["ap@0.5"] == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)
        assert values["ap@0.55"] == pytest.approx(51 / 3 / 101)


def test_one_object_over_two_equal_ones_matches_one_of_them(compared):
    truth, labels = np.array([[1, 1, 2, 2]]), np.array([[3, 3, 3, 3]])
    assert finished(count(compared(truth, labels, {3: 1}), OPTIONS))["ap@0.5"] == pytest.approx(51 / 101)


def test_an_iou_of_exactly_the_threshold_matches(compared):
    truth, labels = np.ones((1, 20), int), np.repeat([[1, 0]], [15, 5], axis=1)
    values = finished(count(compared(truth, labels, {1: 0.4}), OPTIONS))
    assert (values["ap@0.75"], values["ap@0.8"]) == (1, 0)


def test_a_perfect_prediction(compared, truth):
    scores = {int(label): 0.5 for label in np.unique(truth[truth > 0])}
    assert set(finished(count(compared(truth, truth, scores), OPTIONS)).values()) == {1}


def test_empty_images(compared, truth):
    scores = {int(label): 0.5 for label in np.unique(truth[truth > 0])}
    missed = count(compared(truth, truth * 0, {}), OPTIONS)
    invented = count(compared(truth * 0, truth, scores), OPTIONS)
    neither = count(compared(truth * 0, truth * 0, {}), OPTIONS)
    assert set(finished(missed).values()) == {0}
    assert np.isnan(list(finished(invented).values())).all()
    assert np.isnan(list(finished(neither).values())).all()
    perfect = count(compared(truth, truth, scores), OPTIONS)
    assert finished(perfect, neither) == finished(perfect)
    assert finished(perfect, invented)["ap"] == pytest.approx(0.5)


def test_the_curve_of_a_known_example():
    # hits at ranks 1, 3 of two true objects: precision 1 up to recall 0.5, then 2/3
    value = interpolated(np.array([1.0, 1, 2]), np.array([1.0, 2, 3]), 2)
    assert value == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)


def test_without_a_prediction_there_are_no_scores(truth, labels):
    with pytest.raises(BioLoomError, match=r"there is no prediction; fix: give the manifest"):
        count(compare(truth, labels), OPTIONS)


@pytest.mark.parametrize("thresholds", [(), (1.0,), (0.49,)])
def test_thresholds_lie_from_a_half_to_below_1(thresholds):
    with pytest.raises(ValidationError):
        AveragePrecisionOptions(thresholds=thresholds)


def test_thresholds_may_come_in_any_order(compared, truth):
    options = AveragePrecisionOptions(thresholds=(0.75, 0.5, 0.5))
    scores = {int(label): 0.5 for label in np.unique(truth[truth > 0])}
    assert list(finished(count(compared(truth, truth, scores), options))) == ["ap", "ap@0.5", "ap@0.75"]
