import numpy as np
import pytest
from scipy import ndimage

from bioloom.errors import BioLoomError
from bioloom.postprocess.nearest import Ball, deep_inside, near_own, nearest_labels

CASES = [((1.0, 1.0), 2.0), ((2.0, 0.5), 1.8), ((1.0, 1.0, 1.0), 3.0), ((2.0, 0.7, 0.5), 2.3)]


def scene(ndim, seed, density=0.1):
    rng = np.random.default_rng(seed)
    shape = (23, 19) if ndim == 2 else (7, 9, 11)
    labels = rng.integers(1, 5, shape, dtype=np.uint32)
    return np.where(rng.random(shape) < density, labels, 0).astype(np.uint32)


def distances(shape, spacing):
    """Squared distances of all pairs of voxels, in micrometres."""
    points = np.stack(np.unravel_index(np.arange(np.prod(shape)), shape), axis=1) * np.array(spacing)
    return ((points[:, None] - points[None]) ** 2).sum(axis=-1)


@pytest.mark.parametrize(("spacing", "radius"), CASES)
def test_the_nearest_label_and_of_equally_near_ones_the_lowest(spacing, radius):
    for seed in range(3):
        labels = scene(len(spacing), seed)
        between = distances(labels.shape, spacing)
        flat = labels.ravel()
        keys = np.where(flat > 0, np.round(between, 6), np.inf)
        nearest = keys.min(axis=1)
        ties = np.where(keys == nearest[:, None], flat, np.iinfo(np.uint32).max).min(axis=1)
        expected = np.where(nearest <= radius**2 + 1e-6, ties, 0).reshape(labels.shape)
        found = nearest_labels(labels, Ball.of(1, radius, spacing))
        np.testing.assert_array_equal(found, expected)
        assert (found > 0).sum() > (labels > 0).sum()


@pytest.mark.parametrize(("spacing", "radius"), [*CASES[:2], ((1.0, 1.0, 1.0), 1.5), ((2.0, 0.7, 0.5), 1.0)])
def test_depths_and_openings_are_those_of_scipy_for_every_label(spacing, radius, patches):
    ball = Ball.of(1, radius, spacing)
    footprint = np.zeros([2 * reach + 1 for reach in ball.reach], bool)
    grid = np.meshgrid(*(np.arange(-r, r + 1) for r in ball.reach), indexing="ij")
    footprint[sum((g * s) ** 2 for g, s in zip(grid, spacing, strict=True)) <= radius**2 + 1e-6] = True
    assert len(ball.offsets) == footprint.sum()
    for seed in range(3):
        labels = patches((23, 29) if len(spacing) == 2 else (9, 15, 16), seed, objects=4)
        deep, opened = deep_inside(labels, ball), np.zeros(labels.shape, bool)
        expected = np.zeros(labels.shape, bool)
        for label in range(int(labels.max()) + 1):
            inner = ndimage.binary_erosion(labels == label, footprint, border_value=1)
            expected |= inner
            opened |= ndimage.binary_dilation(inner, footprint)
        np.testing.assert_array_equal(deep, expected)
        np.testing.assert_array_equal(near_own(deep, labels, ball), opened)
        assert 0 < deep.sum() < opened.sum() < labels.size


def test_a_radius_in_voxels_is_one_of_the_finest_axis():
    ball = Ball.of(4, None, (1.0, 0.5, 0.25))
    assert ball == Ball.of(99, 1.0, (1.0, 0.5, 0.25))
    assert ball.reach == (1, 2, 4)


def test_a_radius_equal_to_a_distance_holds_it_in_spite_of_rounding():
    for step in range(1, 40):
        assert Ball.of(1, 0.1 * step, (1 / 3, 0.1)).reach[1] == step
        assert Ball.of(1, step / 3, (1 / 3, 0.1)).reach[0] == min(step, 128)


def test_useless_radii_are_refused():
    for radius, spacing in ((0.4, (1.0, 0.5)), (65.0, (1.0, 0.5))):
        with pytest.raises(BioLoomError, match="voxels of the finest axis; allowed: 1 to 128"):
            Ball.of(1, radius, spacing).check("refine")
    Ball.of(1, 64.0, (1.0, 0.5)).check("refine")
