"""Classes of true and predicted objects: which they are, and matching that minds them."""

from dataclasses import replace

import numpy as np
import pytest

from bioloom.evaluate.channels import Channels
from bioloom.evaluate.comparison import compare
from bioloom.evaluate.matching import METRIC, MatchingOptions, scores
from bioloom.evaluate.pool import Case, pack_metrics, pool

NAMES = ("classes-1", "classes-2", "foreground")


@pytest.fixture
def probabilities(labels, open_prediction):
    noise = np.random.default_rng(2).random((3, *labels.shape)).astype(np.float32)
    return open_prediction(noise, NAMES)


@pytest.fixture
def true_classes(truth):
    """Three classes, of which the last is never predicted, and some objects without one."""
    ids = np.unique(truth)[1:].tolist()
    rng = np.random.default_rng(1)
    return {id_: str(rng.integers(1, 4)) for id_ in ids if rng.random() < 0.7}


@pytest.fixture
def predicted(labels, probabilities):
    """By a loop over the objects."""
    means = {
        id_: [probabilities.values[c][labels == id_].astype(np.float64).mean() for c in (0, 1)]
        for id_ in np.unique(labels)[1:].tolist()
    }
    return {id_: str(1 + int(np.argmax(values))) for id_, values in means.items()}


def test_predicted_classes_are_those_of_a_loop(truth, labels, probabilities, true_classes, predicted):
    wanted = Channels(probabilities, ("foreground", "classes-1", "classes-2"))
    found = compare(truth, labels, wanted, true_classes=true_classes, smallest_truth=5)
    assert found.kinds.labels.tolist() == [predicted[id_] for id_ in found.pairs.labels.tolist()]
    assert found.kinds.truth.tolist() == [true_classes.get(id_, "") for id_ in found.pairs.truth.tolist()]


def test_without_channels_all_are_of_the_usual_class(truth, labels, true_classes):
    found = compare(truth, labels, true_classes=true_classes, usual_class="2")
    assert set(found.kinds.labels) == {"2"}
    assert compare(truth, labels).kinds is None
    blind = compare(truth, labels, true_classes=true_classes)
    assert blind.kinds is None
    assert METRIC.count(blind, MatchingOptions()) == METRIC.count(compare(truth, labels), MatchingOptions())


def test_predicted_objects_of_unknown_class_do_not_hide_the_blind_counts(truth, labels, true_classes):
    found = compare(truth, labels, true_classes=true_classes, usual_class="2")
    nobody = replace(found, kinds=replace(found.kinds, labels=np.full(len(found.pairs.labels), "")))
    counts = METRIC.count(nobody, MatchingOptions())
    blind = METRIC.count(compare(truth, labels), MatchingOptions())[""]
    assert {name: counts[""][name] for name in blind} == blind


@pytest.mark.parametrize("threshold", [0.5, 0.55])
def test_matches_with_class_are_those_of_a_loop(
    truth, labels, reference, probabilities, true_classes, predicted, threshold
):
    rows, columns, matrix = reference
    hit = {(r, c) for r, c in zip(*np.nonzero(matrix > threshold), strict=True)}
    unknown = {c for r, c in hit if int(rows[r]) not in true_classes}
    real = [int(id_) for id_ in rows if int(id_) in true_classes]
    made = [int(id_) for n, id_ in enumerate(columns) if n not in unknown]
    same = [
        (matrix[r, c], true_classes[int(rows[r])])
        for r, c in hit
        if true_classes.get(int(rows[r])) == predicted[int(columns[c])]
    ]
    assert unknown
    assert same
    case = Case("test_a", truth, labels, probabilities, true_classes=true_classes)
    options = MatchingOptions(thresholds=(threshold,))
    summary = pool([pack_metrics([case], [options])])[1].set_index(["class", "metric"])["value"]
    for class_ in ("1", "2", "3"):
        tp = sum(kind == class_ for _, kind in same)
        fp = sum(predicted[id_] == class_ for id_ in made) - tp
        fn = sum(true_classes[id_] == class_ for id_ in real) - tp
        iou = sum(value for value, kind in same if kind == class_)
        for name, value in scores(tp, fp, fn, iou).items():
            np.testing.assert_allclose(summary[class_, f"{name}@{threshold}"], value)
    overall = scores(len(same), len(made) - len(same), len(real) - len(same), sum(value for value, _ in same))
    for name, value in overall.items():
        np.testing.assert_allclose(summary["", f"{name}_with_class@{threshold}"], value)
    assert summary["", "f1_mean_with_class"] == summary["", f"f1_with_class@{threshold}"]


def test_scores_without_a_class_are_blind_to_classes(truth, labels, probabilities, true_classes):
    options = MatchingOptions()
    blind = METRIC.count(compare(truth, labels), options)[""]
    seeing = METRIC.count(
        compare(truth, labels, Channels(probabilities, NAMES), true_classes=true_classes), options
    )[""]
    assert {name: seeing[name] for name in blind} == blind
    assert all("_with_class@" in name for name in set(seeing) - set(blind))


def test_right_classes_change_nothing_and_wrong_ones_everything(truth, open_prediction):
    kinds = {id_: str(1 + id_ % 2) for id_ in np.unique(truth)[1:].tolist()}
    one = np.isin(truth, [id_ for id_, kind in kinds.items() if kind == "1"])
    for right in (True, False):
        values = np.stack([one == right, one != right]).astype(np.float32)
        case = Case("test_a", truth, truth, open_prediction(values, NAMES[:2]), true_classes=kinds)
        summary = pool([pack_metrics([case], [MatchingOptions()])])[1].set_index(["class", "metric"])["value"]
        assert summary["", "f1@0.5"] == 1
        assert summary["", "f1_with_class@0.5"] == summary["1", "f1@0.5"] == summary["2", "pq@0.9"] == right
