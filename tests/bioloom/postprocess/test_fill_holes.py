import numpy as np
import pytest
from scipy import ndimage

from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.fill_holes import fill_small_holes
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import compile_passes


@pytest.mark.parametrize("shape", [(30, 33), (11, 12, 13)])
def test_a_single_object_is_filled_as_scipy_does(shape):
    changed = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        mask = ndimage.gaussian_filter(rng.normal(size=shape), 0.8) > -0.15
        filled = fill_small_holes(mask.astype(np.uint32) * 9, max(shape))
        np.testing.assert_array_equal(filled, ndimage.binary_fill_holes(mask) * 9)
        changed += int((filled > 0).sum() - mask.sum())
    assert changed > 10


@pytest.mark.parametrize("ndim", [2, 3])
def test_only_holes_up_to_the_largest_extent_are_filled(ndim):
    labels = np.full((12,) * ndim, 3, np.uint32)
    labels[(slice(4, 6),) * (ndim - 1) + (slice(2, 7),)] = 0
    assert (fill_small_holes(labels, 5) == 3).all()
    np.testing.assert_array_equal(fill_small_holes(labels, 4), labels)


def test_holes_between_objects_and_at_the_border_stay():
    labels = np.array(
        [
            [1, 1, 1, 2, 2, 2, 0],
            [1, 0, 1, 2, 2, 2, 2],
            [1, 1, 0, 0, 2, 0, 2],
            [1, 1, 1, 2, 2, 2, 2],
        ],
        np.uint32,
    )
    expected = labels.copy()
    expected[1, 1] = 1
    expected[2, 5] = 2
    np.testing.assert_array_equal(fill_small_holes(labels, 10), expected)


def test_a_hole_with_an_object_inside_stays():
    labels = np.full((9, 9), 1, np.uint32)
    labels[2:7, 2:7] = 0
    labels[4, 4] = 2
    np.testing.assert_array_equal(fill_small_holes(labels, 9), labels)


@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 5), (1, 4, 5)])
def test_images_without_background_or_objects_stay(shape):
    for value in (0, 6):
        labels = np.full(shape, value, np.uint32)
        np.testing.assert_array_equal(fill_small_holes(labels, 3), labels)


@pytest.mark.parametrize("shape", [(24, 31), (15, 17, 22)])
@pytest.mark.parametrize("extent", [8, 9])
def test_a_hole_of_several_blocks_is_filled_as_in_one(shape, extent):
    """The hole is 9 voxels long, blocks are down to 4 voxels a side."""
    prediction = np.zeros((1, *shape), np.float32)
    prediction[(0, *(slice(1, n - 1) for n in shape))] = 1
    prediction[(0, *(slice(4, 4 + side) for side in (9, 5, 3)[: len(shape)]))] = 0
    terms = dict.fromkeys(("foreground", "seeds", "topography"), "a")
    passes = compile_passes(
        [{"name": "watershed", **terms}, {"name": "fill_holes", "max_extent": extent}],
        channels=("a",),
        spacing=(1.0,) * len(shape),
    )
    whole = run_in_memory(prediction, passes, Layout.cut(shape, shape, halo=0))
    expected = ndimage.binary_fill_holes(prediction[0]) if extent == 9 else prediction[0] > 0
    np.testing.assert_array_equal(whole, expected)
    for tile in ((4, 9, 11)[: len(shape)], (5,) * len(shape), (7, 4, 20)[: len(shape)]):
        np.testing.assert_array_equal(run_in_memory(prediction, passes, Layout.cut(shape, tile, 1)), whole)
