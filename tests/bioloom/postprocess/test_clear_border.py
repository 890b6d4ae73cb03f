import numpy as np
import pytest
from skimage.measure import label
from skimage.segmentation import clear_border

from bioloom.errors import BioLoomError


@pytest.mark.parametrize("shape", [(30, 34), (14, 15, 16)])
def test_what_touches_the_border_goes_as_in_scikit_image(shape, patches, operate, canonical):
    left = 0
    for seed in range(3):
        labels = canonical(label(patches(shape, seed, objects=40)))  # which scikit-image wants connected
        expected = canonical(clear_border(labels.astype(np.int32)))
        left += expected.max()
        for tile in (shape, (5,) * len(shape), (4, 30, 7)[-len(shape) :]):
            np.testing.assert_array_equal(operate(labels, "clear_border", tile=tile), expected)
    assert left > 0


@pytest.mark.parametrize(("along", "axes"), [("z", (0,)), ("xy", (1, 2)), ("all", (0, 1, 2))])
def test_only_the_chosen_axes_count(along, axes, patches, operate, canonical):
    labels = canonical(label(patches((9, 10, 11), 2, objects=30)))
    ends = [np.moveaxis(labels, axis, 0)[[0, -1]].ravel() for axis in axes]
    expected = canonical(np.where(np.isin(labels, np.concatenate(ends)), 0, labels))
    options = {"name": "clear_border", "along": along}
    np.testing.assert_array_equal(operate(labels, options, tile=(4, 5, 6)), expected)
    assert expected.max() > (0 if along == "all" else 2)


def test_a_single_plane_has_no_ends_along_z(operate):
    labels = np.zeros((1, 5, 5))
    labels[0, 2, 2] = 1
    assert operate(labels, "clear_border").any()


def test_a_plane_of_an_image_has_no_z(operate):
    with pytest.raises(BioLoomError, match="clear_border along z on a 2D image"):
        operate(np.ones((3, 3)), {"name": "clear_border", "along": "z"})
