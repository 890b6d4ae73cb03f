import numpy as np
import pytest
from pydantic import ValidationError

from bioloom.errors import BioLoomError
from bioloom.evaluate.comparison import compare
from bioloom.evaluate.matching import METRIC, MatchingOptions, match_counts, match_pairs, scores

THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


@pytest.fixture
def score(metrics_of):
    return lambda truth, labels, **options: metrics_of(
        METRIC, compare(truth, labels), MatchingOptions(**options)
    )


def test_the_default_thresholds_are_those_of_the_data_science_bowl():
    assert MatchingOptions().thresholds == THRESHOLDS


@pytest.mark.parametrize("threshold", [0.5, 0.6, 0.75, 0.9])
def test_pairs_are_those_of_a_loop(truth, labels, reference, threshold):
    rows, columns, matrix = reference
    i, j = np.nonzero(matrix > threshold)
    matches = match_pairs(truth, labels, threshold)
    np.testing.assert_array_equal(matches.truth, rows[i])
    np.testing.assert_array_equal(matches.labels, columns[j])
    np.testing.assert_allclose(matches.iou, matrix[i, j], rtol=1e-12)
    np.testing.assert_array_equal(matches.missed, np.setdiff1d(rows, rows[i]))
    np.testing.assert_array_equal(matches.invented, np.setdiff1d(columns, columns[j]))


def test_counts_are_those_of_a_loop(truth, labels, reference):
    matrix = reference[2]
    expected = np.array([(matrix > threshold).sum() for threshold in THRESHOLDS])
    assert expected[0] > expected[-1]
    tp, fp, fn = match_counts(truth, labels, THRESHOLDS)
    np.testing.assert_array_equal(tp, expected)
    np.testing.assert_array_equal(fp, matrix.shape[1] - expected)
    np.testing.assert_array_equal(fn, matrix.shape[0] - expected)


def test_the_metrics_are_their_definitions(score, truth, labels, reference):
    matrix = reference[2]
    values = score(truth, labels)
    n_truth, n_predicted = matrix.shape
    for threshold in THRESHOLDS:
        matched = matrix[matrix > threshold]
        tp, fp, fn = len(matched), n_predicted - len(matched), n_truth - len(matched)
        precision, recall = tp / (tp + fp), tp / (tp + fn)
        expected = {
            "precision": precision,
            "recall": recall,
            "f1": 2 * precision * recall / (precision + recall) if tp else 0,
            "accuracy": tp / (tp + fp + fn),
            "pq": matched.sum() / (tp + fp / 2 + fn / 2),
            "mean_matched_iou": matched.mean() if tp else np.nan,
        }
        for name, value in expected.items():
            assert values[f"{name}@{threshold}"] == pytest.approx(value, abs=1e-9, nan_ok=True)
    assert values["f1_mean"] == pytest.approx(np.mean([values[f"f1@{t}"] for t in THRESHOLDS]))
    assert (values["objects_truth"], values["objects_predicted"]) == (n_truth, n_predicted)


def test_panoptic_quality_is_segmentation_times_recognition_quality():
    values = scores(tp=7, fp=3, fn=2, iou=5.5)
    assert values["pq"] == pytest.approx(values["mean_matched_iou"] * values["f1"])


def test_a_perfect_prediction_has_one_everywhere(score, truth):
    values = score(truth, np.where(truth > 0, truth + 2**40, 0).astype(np.uint64))
    assert {value for name, value in values.items() if not name.startswith("objects")} == {1.0}


def test_an_empty_prediction(score, truth):
    values = score(truth, truth * 0)
    assert values["recall@0.5"] == values["f1@0.5"] == values["accuracy@0.5"] == values["pq@0.5"] == 0
    assert np.isnan([values["precision@0.5"], values["mean_matched_iou@0.5"]]).all()


def test_an_empty_truth(score, truth):
    values = score(truth * 0, truth)
    assert values["precision@0.5"] == values["f1@0.5"] == values["pq@0.5"] == values["f1_mean"] == 0
    assert np.isnan([values["recall@0.5"], values["mean_matched_iou@0.5"]]).all()


def test_nothing_to_find_and_nothing_found_is_no_number(score, truth):
    values = score(truth * 0, truth * 0)
    assert values.pop("objects_truth") == values.pop("objects_predicted") == 0
    assert np.isnan(list(values.values())).all()


def test_an_iou_of_exactly_the_threshold_is_no_match():
    truth, labels = np.array([[1, 1, 0]]), np.array([[2, 0, 0]])
    np.testing.assert_array_equal(match_counts(truth, labels, [0.49, 0.5]), [[1, 0], [0, 1], [0, 1]])


def test_below_one_half_an_object_is_still_used_once():
    truth = np.array([[1, 1, 1, 1]])
    labels = np.array([[2, 2, 3, 3]])
    matches = match_pairs(truth, labels, 0.3)
    assert len(matches.truth) == len(matches.invented) == 1
    assert len(matches.missed) == 0


def test_names_follow_the_thresholds_of_the_options(score, truth, labels):
    values = score(truth, labels, thresholds=(0.3, 0.75))
    assert [name for name in values if name.startswith("f1")] == ["f1@0.3", "f1@0.75", "f1_mean"]


@pytest.mark.parametrize("thresholds", [(), (1.0,), (-0.1,)])
def test_thresholds_lie_from_0_to_below_1(thresholds):
    with pytest.raises(ValidationError):
        MatchingOptions(thresholds=thresholds)


@pytest.mark.parametrize("function", [match_pairs, match_counts])
def test_different_shapes_are_refused(truth, labels, function):
    with pytest.raises(BioLoomError, match="the truth has shape"):
        function(truth, labels[:-1], [0.5])
