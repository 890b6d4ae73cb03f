import numpy as np
import pytest
from scipy import ndimage
from skimage.filters import threshold_otsu

from bioloom.evaluate.otsu_classes import otsu_classes


@pytest.mark.parametrize("shape", [(40, 50), (8, 20, 24)])
@pytest.mark.parametrize("sign", [1, -1])
def test_two_classes_are_the_sides_of_the_threshold_the_rarer_one_last(shape, sign):
    rng = np.random.default_rng(0)
    image = rng.normal(100, 5, (1, *shape))
    rare = ndimage.gaussian_filter(rng.normal(size=shape), 3)
    image[0][rare > np.quantile(rare, 0.8)] += 60 * sign
    found = otsu_classes(image, (0, 255))
    smooth = ndimage.gaussian_filter(image[0], 1.0)
    above = smooth > threshold_otsu(smooth)
    expected = above if above.mean() < 0.5 else ~above
    assert found.dtype == np.uint8
    assert set(np.unique(found)) == {0, 255}
    assert ((found == 255) == expected).mean() > 0.99


def test_three_classes_go_by_how_many_voxels_they_have():
    image = np.full((3, 30, 30), 200.0)
    image[:, :10] = 20
    image[:, :2] = 110
    found = otsu_classes(image, (0, 1, 2))
    assert [found[20, 5], found[7, 5], found[0, 5]] == [0, 1, 2]


def test_more_classes_than_ranges_leave_the_last_ones_out():
    image = np.repeat(np.arange(0, 240, 40.0), 20)[None, :, None] * np.ones((1, 1, 5))
    assert set(np.unique(otsu_classes(image, range(6)))) == {0, 1, 2, 3}


def test_an_image_without_contrast_is_of_the_lowest_class():
    assert (otsu_classes(np.full((1, 9, 9), 7), (3, 4)) == 3).all()
