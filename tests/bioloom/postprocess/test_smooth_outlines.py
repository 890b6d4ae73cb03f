import numpy as np
import pytest
from scipy import ndimage

from bioloom.postprocess.nearest import Ball
from bioloom.postprocess.smooth_outlines import smooth_labels

CASES = [((27, 30), (1.0, 1.0), 2.0), ((24, 31), (2.0, 1.0), 2.0), ((8, 13, 12), (2.0, 1.0, 1.0), 2.0)]


def voted(labels, offsets):
    """The rule, voxel by voxel."""
    result = labels.copy()
    for index in np.ndindex(labels.shape):
        places = offsets + index
        inside = ((places >= 0) & (places < labels.shape)).all(axis=1)
        votes = labels[tuple(places[inside].T)]
        majority = [label for label in np.unique(votes) if 2 * (votes == label).sum() > votes.size]
        if labels[index] == 0 and majority:
            result[index] = majority[0]
        elif labels[index] and 0 in majority:
            result[index] = 0
    return result


@pytest.mark.parametrize(("shape", "spacing", "radius"), CASES)
def test_voxels_follow_the_majority_in_any_blocks(shape, spacing, radius, patches, operate, canonical):
    offsets = Ball.of(1, radius, spacing).offsets
    for seed in range(2):
        labels = patches(shape, seed, objects=5)
        labels[np.random.default_rng(seed).random(shape) < 0.2] = 0
        expected = voted(labels, offsets)
        assert (expected != labels).sum() > 20
        for tile in (shape, (6,) * len(shape), (4, 30, 5)[-len(shape) :]):
            options = {"name": "smooth_outlines", "radius_um": radius}
            found = operate(labels, options, spacing=spacing, tile=tile)
            np.testing.assert_array_equal(found, canonical(expected))


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_single_object_gets_the_median_filter_of_its_mask(ndim):
    mask = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(14,) * ndim), 1.2) > 0
    ball = Ball.of(2, None, (1.0,) * ndim)
    shape = np.zeros((5,) * ndim, bool)
    shape[tuple((ball.offsets + 2).T)] = True
    expected = ndimage.median_filter(mask.astype(np.uint32), footprint=shape)
    inner = (slice(2, -2),) * ndim  # at the border scipy mirrors
    np.testing.assert_array_equal(smooth_labels(mask.astype(np.uint32), ball)[inner], expected[inner])
    assert (expected != mask).any()


def test_borders_between_objects_stay():
    labels = np.ones((8, 12), np.uint32)
    labels[:, 6:] = 2
    labels[3, 6] = 1
    np.testing.assert_array_equal(smooth_labels(labels, Ball.of(2, None, (1.0, 1.0))), labels)
