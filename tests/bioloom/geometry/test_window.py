import numpy as np
import pytest

from bioloom.geometry.box import Box
from bioloom.geometry.grid import PatchGrid, indices
from bioloom.geometry.window import axis_window, largest_weight, patch_window, total_weight

GRIDS = [
    PatchGrid((20, 33), (8, 8), (3, 2)),
    PatchGrid((5, 40), (8, 16), (0, 7)),
    PatchGrid((31, 20, 27), (8, 16, 8), (3, 4, 0)),
    PatchGrid.of((21, 40), (8, 16), (3, 7)),
    PatchGrid.of((31, 7, 27), (8, 16, 8), (3, 4, 0)),
]


def test_sides_on_the_border_are_flat_and_weights_have_a_floor():
    inner = axis_window(8, 3, first=False, last=False)
    assert inner.min() >= 1
    assert (np.diff(inner[:4]) > 0).all()
    np.testing.assert_array_equal(inner, inner[::-1])
    np.testing.assert_array_equal(axis_window(8, 3, first=True, last=True), 16)


@pytest.mark.parametrize("grid", GRIDS)
def test_total_weight_is_the_sum_over_all_patches(grid):
    around = 8
    reference = np.zeros([n + side + around for n, side in zip(grid.shape, grid.size, strict=True)], int)
    for index in indices(Box.of(grid.counts)):
        reference[grid.patch(index).shift((around,) * len(grid.shape)).slices] += patch_window(grid, index)
    reference = reference[Box.of(grid.shape).shift((around,) * len(grid.shape)).slices]
    np.testing.assert_array_equal(total_weight(grid, Box.of(grid.shape)), reference)
    part = Box((2,) * len(grid.shape), tuple(n - 1 for n in grid.shape))
    np.testing.assert_array_equal(total_weight(grid, part), reference[part.slices])
    assert largest_weight(grid) == reference.max()
