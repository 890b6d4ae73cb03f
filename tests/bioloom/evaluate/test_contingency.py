import numpy as np
import pytest
from skimage.metrics import contingency_table

from bioloom.evaluate.contingency import contingency
from bioloom.evaluate.overlap import overlap


@pytest.mark.parametrize("background", [False, True])
def test_the_table_is_that_of_scikit_image(truth, labels, background):
    table = contingency(overlap(truth, labels), background)
    ignored = () if background else (0,)
    expected = contingency_table(truth, labels, ignore_labels=ignored, sparse_type="array").toarray()
    rows, columns = np.nonzero(expected)
    np.testing.assert_array_equal(np.sort(table.both), np.sort(expected[rows, columns]))
    of_truth, of_labels = expected.sum(axis=1), expected.sum(axis=0)
    np.testing.assert_array_equal(np.sort(table.truth), np.sort(of_truth[rows]))
    np.testing.assert_array_equal(np.sort(table.labels), np.sort(of_labels[columns]))
    np.testing.assert_array_equal(np.sort(table.truth[table.first_truth]), np.sort(of_truth[of_truth > 0]))
    np.testing.assert_array_equal(
        np.sort(table.labels[table.first_labels]), np.sort(of_labels[of_labels > 0])
    )


def test_without_truth_nothing_is_left(truth, labels):
    assert len(contingency(overlap(truth * 0, labels), background=False).both) == 0
    assert contingency(overlap(truth * 0, labels), background=True).both.sum() == truth.size


def test_an_image_without_any_object_has_nothing_to_compare(truth):
    assert len(contingency(overlap(truth * 0, truth * 0), background=True).both) == 0
