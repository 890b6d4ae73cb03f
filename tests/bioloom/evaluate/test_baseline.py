import numpy as np
import pytest
from scipy import ndimage
from skimage.draw import ellipsoid
from skimage.feature import peak_local_max

from bioloom.evaluate.baseline import SMALLEST_VOXELS, _peaks, otsu_watershed
from bioloom.evaluate.matching import match_counts

SPACINGS = {2: (0.5, 0.5), 3: (1.0, 0.5, 0.5)}


@pytest.fixture(params=[2, 3], ids=["2D", "3D"])
def scene(request):
    """Balls of 4 micrometres radius, most touching a neighbour, in noise: (image, truth, spacing)."""
    ndim, spacing = request.param, SPACINGS[request.param]
    centers = np.array([(8, 8, 6), (8, 8, 13), (8, 8, 22), (8, 18, 6), (8, 18, 22), (8, 18, 15)])[:, -ndim:]
    axes = [np.arange(0, side, step) for side, step in zip((16, 26, 30)[-ndim:], spacing, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"))
    distance = np.stack([np.linalg.norm(grid.T - center, axis=-1).T for center in centers])
    truth = np.where(distance.min(axis=0) < 4, distance.argmin(axis=0) + 1, 0)
    image = 100 * (truth > 0) + np.random.default_rng(0).normal(20, 5, truth.shape)
    return image[None], truth, spacing


def test_touching_balls_come_apart(scene):
    image, truth, spacing = scene
    labels = otsu_watershed(image, spacing)
    assert labels.dtype == np.uint32
    np.testing.assert_array_equal(np.unique(labels), np.arange(7))
    assert match_counts(truth, labels, [0.75]) == ([6], [0], [0])


def test_magnification_does_not_matter(scene):
    image, truth, spacing = scene
    fine = ndimage.zoom(image, (1, *(2,) * truth.ndim), order=1)
    labels = otsu_watershed(fine, tuple(step / 2 for step in spacing))
    assert labels.max() == truth.max()


def test_the_unit_of_length_does_not_matter(scene):
    image, _, spacing = scene
    scaled = otsu_watershed(image, tuple(1000 * step for step in spacing))
    np.testing.assert_array_equal(scaled, otsu_watershed(image, spacing))


def test_channels_are_averaged(scene):
    image, _, spacing = scene
    two = np.concatenate([image * 0.5, image * 1.5])
    np.testing.assert_array_equal(otsu_watershed(two, spacing) > 0, otsu_watershed(image, spacing) > 0)


def test_small_specks_are_dropped():
    image = np.zeros((1, 60, 60))
    image[0, 10:30, 10:30] = 100
    image[0, 50, 50] = 400
    labels = otsu_watershed(image, (1.0, 1.0))
    assert labels[50, 50] == 0
    assert np.bincount(labels.ravel())[1:].min() >= SMALLEST_VOXELS


@pytest.mark.parametrize("shape", [(1, 30, 30), (1, 8, 20, 20)])
def test_a_constant_image_has_no_objects(shape):
    assert not otsu_watershed(np.full(shape, 7, np.uint16), (1.0,) * (len(shape) - 1)).any()


@pytest.mark.parametrize("reach", [1, 3, 6])
def test_isotropic_seeds_are_those_of_scikit_image(reach):
    height = ndimage.gaussian_filter(np.random.default_rng(0).random((80, 90)), 1)
    mask = height > np.median(height)
    expected = peak_local_max(height, min_distance=reach, labels=mask.astype(int), exclude_border=False)
    np.testing.assert_array_equal(_peaks(height, mask, np.array([reach, reach])), expected)


def test_a_plateau_has_one_seed_within_reach():
    height = np.pad(np.ones((2, 9)), 4)
    points = _peaks(height, height > 0, np.array([4, 4]))
    assert np.abs(np.diff(points[:, 1])).min() > 4


def test_seeds_keep_apart_along_each_axis_by_its_own_reach():
    height = ndimage.gaussian_filter(ellipsoid(4, 4, 4).astype(float), 1)
    height = np.concatenate([height, height], axis=0)
    assert len(_peaks(height, height > 0.1, np.array([3, 3, 3]))) == 2
    assert len(_peaks(height, height > 0.1, np.array([20, 3, 3]))) == 1
