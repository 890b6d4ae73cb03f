import numpy as np
import pytest
from scipy import ndimage

from bioloom.errors import BioLoomError
from bioloom.postprocess.nearest import Ball
from bioloom.postprocess.program import compile_passes
from bioloom.postprocess.refine import refine_labels

CASES = [((31, 34), (1.0, 1.0), 2.0), ((28, 30), (2.0, 1.0), 3.0), ((10, 13, 14), (2.0, 1.0, 1.0), 2.0)]
SCIPY = {
    "dilate": lambda mask, ball: ndimage.binary_dilation(mask, ball),
    "erode": lambda mask, ball: ndimage.binary_erosion(mask, ball, border_value=1),
    "open": lambda mask, ball: ndimage.binary_dilation(
        ndimage.binary_erosion(mask, ball, border_value=1), ball
    ),
    "close": lambda mask, ball: closed(mask, ball),
}


def closed(mask, ball):
    wide = [(n, n) for n in ball.shape]
    inner = tuple(slice(n, -n) for n in ball.shape)
    return ndimage.binary_closing(np.pad(mask, wide), ball)[inner]


def footprint(radius, spacing):
    reach = [int(radius / step) for step in spacing]
    grid = np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij")
    return sum((g * s) ** 2 for g, s in zip(grid, spacing, strict=True)) <= radius**2


@pytest.mark.parametrize("how", SCIPY)
@pytest.mark.parametrize(("shape", "spacing", "radius"), CASES)
def test_a_single_object_is_refined_as_scipy_does_in_any_blocks(how, shape, spacing, radius, operate):
    for seed in range(3):
        noise = np.random.default_rng(seed).normal(size=shape)
        mask = ndimage.gaussian_filter(noise, 1.5 / np.array(spacing)) > 0.02
        expected = SCIPY[how](mask, footprint(radius, spacing))
        assert (expected != mask).any()
        options = {"name": "refine", "how": how, "radius_um": radius}
        for tile in (shape, (7,) * len(shape), (4, 30, 5)[-len(shape) :]):
            labels = operate(mask, options, spacing=spacing, tile=tile)
            np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize("how", SCIPY)
@pytest.mark.parametrize("ndim", [2, 3])
def test_no_object_takes_a_voxel_from_another(how, ndim, patches):
    spacing = (1.0,) * ndim
    labels = patches((30, 33) if ndim == 2 else (9, 14, 15), 3)
    refined = refine_labels(labels, how, Ball.of(2, None, spacing))
    both = (labels > 0) & (refined > 0)
    np.testing.assert_array_equal(refined[both], labels[both])
    assert both.any()
    if how in ("dilate", "close"):
        assert both.sum() == (labels > 0).sum()
    else:
        assert not refined[labels == 0].any()


def test_objects_meet_halfway_and_the_voxel_in_the_middle_goes_to_the_lower_number(operate):
    labels = np.array([[1, 0, 0, 0, 2, 0, 0, 3]])
    grown = operate(labels, {"name": "refine", "how": "dilate", "radius": 3}, tile=(1, 3))
    np.testing.assert_array_equal(grown, [[1, 1, 1, 2, 2, 2, 3, 3]])


def test_a_gap_between_two_objects_is_not_closed_but_a_notch_is():
    labels = np.zeros((11, 16), np.uint32)
    labels[2:9, 1:7], labels[2:9, 8:15] = 1, 2
    labels[5, 1:3] = 0
    closed_labels = refine_labels(labels, "close", Ball.of(2, None, (1.0, 1.0)))
    assert closed_labels[5, 2] == 1
    assert not closed_labels[:, 7].any()


def test_what_makes_no_sense_is_refused(operate):
    with pytest.raises(BioLoomError, match="refine has no labels to work on"):
        compile_passes(["refine"], channels=("a",), spacing=(1, 1))
    with pytest.raises(BioLoomError, match=r"refine has a radius of 0\.5 voxels"):
        operate(np.ones((3, 3)), {"name": "refine", "radius_um": 0.5})
