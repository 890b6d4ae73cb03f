import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioloom.errors import BioLoomError
from bioloom.models.blocks.levels import check_sides, nearest_size, plan_levels
from bioloom.models.options import UNetOptions


@pytest.mark.parametrize("ndim", [2, 3])
def test_auto_takes_the_stated_defaults(ndim):
    levels = plan_levels(UNetOptions(), ndim)
    assert levels.feature_maps == (16, 32, 64, 128, 256)
    assert levels.kernels == ((3,) * ndim,) * 5
    assert levels.pooling == ((2,) * ndim,) * 4
    assert levels.dropouts == (0.0,) * 5
    assert levels.divisor == (16,) * ndim


def test_lists_are_taken_as_they_are_and_set_the_depth_of_the_rest():
    options = UNetOptions(
        pooling=[[1, 2, 2], [2, 3, 2]], kernel=[[1, 3, 3], [3, 3, 3], [3, 5, 3]], dropout=[0.0, 0.1, 0.2]
    )
    levels = plan_levels(options, 3)
    assert levels.feature_maps == (16, 32, 64)
    assert levels.kernels == ((1, 3, 3), (3, 3, 3), (3, 5, 3))
    assert levels.dropouts == (0.0, 0.1, 0.2)
    assert levels.divisor == (2, 6, 4)


@pytest.mark.parametrize("option", ["kernel", "pooling"])
def test_rows_need_one_entry_per_axis(option):
    rows = {"kernel": [[3, 3], [3, 3]], "pooling": [[2, 2]]}[option]
    with pytest.raises(
        BioLoomError, match=rf"model.{option}: .* has 2 entries; allowed: 3 entries \(z, y, x\)"
    ):
        plan_levels(UNetOptions(**{option: rows}), 3)


def test_a_size_that_does_not_fit_is_refused_with_the_nearest_one():
    check_sides((32, 48), (16, 16))
    with pytest.raises(BioLoomError) as caught:
        check_sides((100, 250), (16, 16))
    assert str(caught.value) == (
        "a patch of 100 x 250 voxels (y, x) does not fit the model; "
        "allowed: sides that are multiples of 16 x 16; "
        "fix: patch.size (to train) or infer.patch_size (to predict): [96, 256]"
    )


@given(st.integers(0, 500), st.integers(1, 40))
def test_no_multiple_is_nearer(side, divisor):
    (nearest,) = nearest_size((side,), (divisor,))
    multiples = range(divisor, 600, divisor)
    assert nearest in multiples
    assert abs(nearest - side) == min(abs(multiple - side) for multiple in multiples)
