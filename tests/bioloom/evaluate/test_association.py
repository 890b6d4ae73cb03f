import numpy as np
import pytest
from pydantic import ValidationError

from bioloom.evaluate.association import METRIC, OF_TRUTH, AssociationOptions
from bioloom.evaluate.comparison import compare


@pytest.fixture
def score(metrics_of):
    return lambda truth, labels, **options: metrics_of(
        METRIC, compare(truth, labels), AssociationOptions(**options)
    )


def groups_by_loop(truth, labels, limit):
    """Sets of true and predicted objects that belong together, by joining sets until nothing changes."""
    true, found = np.unique(truth[truth > 0]), np.unique(labels[labels > 0])
    groups = [{("t", i)} for i in true] + [{("p", j)} for j in found]
    for i in true:
        for j in found:
            one, other = truth == i, labels == j
            shared = (one & other).sum()
            if shared and (shared > limit * one.sum() or shared > limit * other.sum()):
                joined = [group for group in groups if {("t", i), ("p", j)} & group]
                groups = [group for group in groups if group not in joined] + [set.union(*joined)]
    return groups


NAMES = {
    (1, 1): "one_to_one",
    (1, 2): "over_segmented",
    (2, 1): "under_segmented",
    (2, 2): "many_to_many",
    (1, 0): "missing",
    (0, 1): "background",
}


@pytest.mark.parametrize("limit", [0, 0.3, 0.5, 0.8])
def test_the_numbers_are_those_of_a_loop(score, truth, labels, limit):
    expected = dict.fromkeys(NAMES.values(), 0)
    for group in groups_by_loop(truth, labels, limit):
        of_truth = sum(kind == "t" for kind, _ in group)
        of_labels = len(group) - of_truth
        name = NAMES[min(of_truth, 2), min(of_labels, 2)]
        expected[name] += of_truth or of_labels
    values = score(truth, labels, overlap=limit)
    assert {name: values[f"objects_{name}"] for name in expected} == expected
    n_truth, n_labels = len(np.unique(truth)) - 1, len(np.unique(labels)) - 1
    for name in OF_TRUTH:
        assert values[name] == pytest.approx(expected[name] / n_truth)
    assert sum(values[name] for name in OF_TRUTH) == pytest.approx(1)
    assert values["background"] == pytest.approx(expected["background"] / n_labels)


def strip(*runs):
    """A picture of one row of runs (id, length), three voxels high."""
    return np.repeat([np.concatenate([np.full(length, i) for i, length in runs])], 3, axis=0)


@pytest.mark.parametrize(
    ("truth", "labels", "name", "number"),
    [
        (strip((1, 10), (0, 2)), strip((9, 9), (0, 3)), "one_to_one", 1),
        (strip((1, 10), (0, 2)), strip((8, 5), (9, 5), (0, 2)), "over_segmented", 1),
        (strip((1, 5), (2, 7)), strip((9, 12)), "under_segmented", 2),
        (strip((1, 8), (2, 4)), strip((8, 3), (9, 9)), "many_to_many", 2),
        (strip((1, 10), (0, 2)), strip((0, 12)), "missing", 1),
        (strip((0, 12)), strip((3, 4), (4, 4), (0, 4)), "background", 2),
    ],
)
def test_what_can_happen(score, truth, labels, name, number):
    values = {key: value for key, value in score(truth, labels).items() if key.startswith("objects_")}
    assert values.pop(f"objects_{name}") == number
    assert set(values.values()) == {0}


def test_touching_a_neighbour_is_no_association(score):
    truth, labels = strip((1, 6), (2, 6)), strip((1, 7), (2, 5))
    assert score(truth, labels)["one_to_one"] == 1
    assert score(truth, labels, overlap=0)["many_to_many"] == 1


def test_exactly_the_limit_does_not_count(score):
    assert score(strip((1, 4), (0, 4)), strip((0, 2), (1, 4), (0, 2)))["missing"] == 1


def test_a_perfect_prediction(score, truth):
    values = score(truth, truth)
    assert values["one_to_one"] == 1
    assert values["missing"] == values["background"] == 0


def test_empty_images(score, truth):
    nothing = truth * 0
    missed, invented, neither = score(truth, nothing), score(nothing, truth), score(nothing, nothing)
    assert missed["missing"] == 1
    assert np.isnan(missed["background"])
    assert invented["background"] == 1
    assert np.isnan([invented[name] for name in OF_TRUTH]).all()
    assert np.isnan([neither[name] for name in (*OF_TRUTH, "background")]).all()


@pytest.mark.parametrize("limit", [-0.1, 1.0])
def test_the_limit_is_a_share(limit):
    with pytest.raises(ValidationError):
        AssociationOptions(overlap=limit)
