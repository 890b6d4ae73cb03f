import pytest

from bioloom.errors import BioLoomError
from bioloom.settings.sides import check_patch, divisor_of


def test_the_divisor_is_the_product_of_all_poolings():
    assert divisor_of([[1, 2, 2], [2, 3, 2]], 3) == (2, 6, 4)
    assert divisor_of([], 2) == (1, 1)


@pytest.mark.parametrize(
    ("sides", "pooling"),
    [([32, 48], [[2, 2]] * 4), ([1, 64, 64], [[1, 2, 2]] * 4), ("auto", [[2, 2]]), ([7, 7], "auto")],
)
def test_sides_that_suit(sides, pooling):
    check_patch("patch.size", sides, pooling)


@pytest.mark.parametrize(
    ("sides", "pooling", "divisor", "fix"),
    [
        ([200, 200], [[2, 2]] * 4, "16 x 16", "[192, 192] or [208, 208]"),
        ([100, 256], [[2, 2]] * 4, "16 x 16", "[96, 256] or [112, 256]"),
        ([9, 7], [[2, 2]] * 4, "16 x 16", "[16, 16]"),
        ([8, 64, 50], [[1, 2, 2], [3, 2, 2]], "3 x 4 x 4", "[6, 64, 48] or [9, 64, 52]"),
    ],
)
def test_sides_that_do_not_suit_are_told_with_the_nearest_ones(sides, pooling, divisor, fix):
    with pytest.raises(BioLoomError) as caught:
        check_patch("infer.patch_size", sides, pooling)
    assert str(caught.value) == (
        f"infer.patch_size: {sides} does not fit the network, whose poolings (model.pooling) are {divisor} "
        f"in all; allowed: sides that are multiples of {divisor}; fix: infer.patch_size: {fix}"
    )


def test_poolings_of_another_number_of_axes():
    with pytest.raises(
        BioLoomError, match=r"model\.pooling: \[2, 2\] has 2 entries, patch\.size has 3; allow"
    ):
        check_patch("patch.size", [8, 8, 8], [[2, 2, 2], [2, 2]])
