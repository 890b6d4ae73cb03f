import numpy as np
import pytest

from bioloom.geometry.box import Box
from bioloom.measure.cells import count_cells
from bioloom.measure.sums import add_up, count, window_of
from bioloom.measure.surface import cell_surface


def test_a_window_has_one_layer_more_where_the_image_goes_on():
    whole = Box.of((10, 20, 30))
    assert window_of(Box((0, 5, 10), (5, 20, 30)), whole) == Box((0, 4, 9), (5, 20, 30))
    assert window_of(whole, whole) == whole


def halves(labels, spacing, axis):
    """The sums of two blocks that meet in the middle of an axis."""
    whole = Box.of(labels.shape)
    middle = labels.shape[axis] // 2
    stop, start = list(whole.stop), list(whole.start)
    stop[axis] = start[axis] = middle
    cores = Box(whole.start, tuple(stop)), Box(tuple(start), whole.stop)
    windows = [window_of(core, whole) for core in cores]
    return [
        count(labels[window.slices], None, window, core, whole, details=spacing)
        for window, core in zip(windows, cores, strict=True)
    ]


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_each_cell_belongs_to_one_block(labels, spacing, axis):
    whole = count_cells(np.pad(labels, 1), cell_surface(spacing))
    parts = halves(labels, spacing, axis)
    assert sum(len(part.cells.ids) for part in parts) > len(whole.ids)  # some objects are in both
    found = add_up(parts).cells
    np.testing.assert_array_equal(found.surface, whole.surface)
    np.testing.assert_array_equal(found.pairs, whole.pairs)


def test_all_tables_of_an_image_have_the_same_objects(labels, spacing, ndim):
    sums = add_up(halves(labels, spacing, 0))
    ids = np.unique(labels)[1:]
    np.testing.assert_array_equal(sums.moments.ids, ids)
    np.testing.assert_array_equal(sums.intensity.ids, ids)
    np.testing.assert_array_equal(sums.cells.ids, ids)
    if ndim == 2:
        np.testing.assert_array_equal(np.unique(sums.hulls.corners[:, 0]), ids)
    else:
        assert sums.hulls is None


def test_without_details_there_are_no_cells_and_hulls(labels):
    whole = Box.of(labels.shape)
    sums = count(labels, None, whole, whole, whole)
    assert sums.cells is None
    assert sums.hulls is None
    assert add_up([sums]).cells is None
