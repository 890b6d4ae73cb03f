from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from bioloom.evaluate.assignment import match
from bioloom.evaluate.overlap import Candidates, candidates, overlap


def best_by_trying_all(matrix, threshold):
    """The largest (number of pairs, sum of IoU) over all one-to-one assignments."""
    if matrix.shape[0] > matrix.shape[1]:
        matrix = matrix.T
    best = (0, 0.0)
    for columns in permutations(range(matrix.shape[1]), matrix.shape[0]):
        values = matrix[np.arange(len(columns)), list(columns)]
        best = max(best, ((values > threshold).sum(), values[values > threshold].sum()))
    return best


def sparse(matrix):
    row, column = np.nonzero(matrix)
    ids = [np.arange(side) for side in matrix.shape]
    return Candidates(*ids, *ids, row, column, row, matrix[row, column])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.1, 0.3]))
def test_the_choice_is_the_best_of_all(rows, columns, seed, threshold):
    rng = np.random.default_rng(seed)
    matrix = np.where(rng.random((rows, columns)) < 0.6, rng.random((rows, columns)) / 2, 0)
    pairs = sparse(matrix)
    chosen = match(pairs, threshold)
    number, total = best_by_trying_all(matrix, threshold)
    assert len(chosen) == number
    assert pairs.iou[chosen].sum() == pytest.approx(total, abs=1e-12)
    assert len(set(pairs.row[chosen])) == len(set(pairs.column[chosen])) == number


@pytest.mark.parametrize("threshold", [0, 0.05, 0.1, 0.25, 0.4, 0.5, 0.7, 0.9])
def test_groups_are_as_good_as_one_dense_assignment(truth, labels, reference, threshold):
    matrix = reference[2]
    value = np.where(matrix > threshold, 1 + matrix / (2 * min(matrix.shape)), 0)
    rows, columns = linear_sum_assignment(value, maximize=True)
    expected = matrix[rows, columns][matrix[rows, columns] > threshold]
    pairs = candidates(overlap(truth, labels))
    chosen = match(pairs, threshold)
    assert len(chosen) == len(expected)
    assert pairs.iou[chosen].sum() == pytest.approx(expected.sum(), abs=1e-9)


def test_more_pairs_go_before_a_larger_iou():
    pairs = sparse(np.array([[0.45, 0.11], [0.11, 0.0]]))
    np.testing.assert_array_equal(match(pairs, 0.1), [1, 2])


def test_exactly_the_threshold_is_no_match():
    pairs = sparse(np.array([[11 / 20, 0], [0, 12 / 20]]))
    np.testing.assert_array_equal(match(pairs, 0.55), [1])
    np.testing.assert_array_equal(match(pairs, 0.6), [])
    assert match(pairs, 0.6).dtype.kind == "i"
