import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.postprocess.program import compile_passes


@pytest.mark.parametrize("shape", [(30, 34), (9, 12, 14)])
def test_objects_that_are_too_large_go_and_the_others_are_numbered_anew(shape, patches, operate, canonical):
    labels = patches(shape, 1)
    sizes = np.bincount(labels.ravel())
    limit = int(np.sort(sizes[1:])[-3])
    expected = canonical(np.where(sizes[labels] > limit, 0, labels))
    assert 0 < expected.max() < labels.max()
    for tile in (shape, (5,) * len(shape)):
        found = operate(labels, {"name": "remove_large", "max_voxels": limit}, tile=tile)
        np.testing.assert_array_equal(found, expected)


def test_the_median_is_that_of_the_objects_which_earlier_operations_left(operate):
    row = np.repeat([0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0], [1, 1, 1, 1, 1, 1, 1, 4, 1, 10, 1])[None]
    crumbs = {"name": "remove_small", "min_voxels": 2}
    large = {"name": "remove_large", "times_median": 2}
    assert operate(row, large).max() == 3  # the median is 1
    np.testing.assert_array_equal(operate(row, crumbs, large, tile=(1, 3)) > 0, row >= 4)  # it is 7


def test_it_needs_labels():
    with pytest.raises(BioLoomError, match="remove_large has no labels to work on"):
        compile_passes(["remove_large"], channels=("a",), spacing=(1, 1))
