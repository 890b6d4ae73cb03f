from itertools import groupby

import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.measure.runs import checked_labels, find_runs, group, object_runs


def test_runs_are_those_of_itertools():
    values = np.random.default_rng(0).integers(0, 3, 200)
    starts, lengths = find_runs(values)
    expected = [(key, len(list(run))) for key, run in groupby(values.tolist())]
    assert list(zip(values[starts].tolist(), lengths.tolist(), strict=True)) == expected
    np.testing.assert_array_equal(np.repeat(values[starts], lengths), values)


def test_a_run_ends_where_any_array_changes():
    starts, lengths = find_runs(np.array([0, 0, 0, 1, 1]), np.array([4, 4, 5, 5, 5], np.uint8))
    np.testing.assert_array_equal(starts, [0, 2, 3])
    np.testing.assert_array_equal(lengths, [2, 1, 2])


def test_a_run_ends_at_the_end_of_the_row():
    starts, lengths = find_runs(np.ones((2, 3, 4), int), row=4)
    np.testing.assert_array_equal(starts, [0, 4, 8, 12, 16, 20])
    np.testing.assert_array_equal(lengths, 4)


def test_nothing_has_no_runs():
    starts, lengths = find_runs(np.zeros((0, 5)), row=5)
    assert len(starts) == len(lengths) == 0


def test_group_sorts_by_the_first_key_then_the_next():
    first, second = np.array([2, 1, 2, 1, 2]), np.array([0, 5, 0, 3, 1])
    order, begin = group(first, second)
    np.testing.assert_array_equal(first[order], [1, 1, 2, 2, 2])
    np.testing.assert_array_equal(second[order], [3, 5, 0, 0, 1])
    np.testing.assert_array_equal(begin, [0, 1, 2, 4])


def test_runs_of_objects_are_those_of_the_foreground(labels):
    runs = object_runs(labels)
    assert runs.shape == labels.shape
    here = np.zeros(labels.shape, np.int64)
    for object_id, start, length in zip(runs.ids, runs.starts, runs.lengths, strict=True):
        here.reshape(-1)[start : start + length] += object_id
    np.testing.assert_array_equal(here, labels)
    assert runs.lengths.max() <= labels.shape[-1]


def test_values_of_runs_stand_one_after_the_other(labels):
    runs = object_runs(labels)
    values = np.arange(labels.size).reshape(labels.shape)
    np.testing.assert_array_equal(runs.values(values), np.flatnonzero(labels))
    np.testing.assert_array_equal(runs.values(values)[runs.offsets], runs.starts)


def test_no_objects_have_no_runs():
    runs = object_runs(np.zeros((3, 4), np.uint8))
    assert len(runs.ids) == len(runs.values(np.ones((3, 4)))) == 0


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.uint32, np.int64, np.uint64])
def test_integers_are_labels(dtype):
    values = checked_labels(np.array([[0, 1], [1, 0]], dtype).T)
    assert values.flags.c_contiguous
    np.testing.assert_array_equal(values, [[0, 1], [1, 0]])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([0.0, 1.0]), "float64"),
        (np.array([0, -1]), "-1"),
        (np.array([2**63], np.uint64), "9223372036854775808"),
    ],
)
def test_other_values_are_no_labels(values, message):
    with pytest.raises(BioLoomError, match=f"the truth .*{message}.*allowed"):
        checked_labels(values, "the truth")
