import numpy as np
import pytest

from bioloom.postprocess.overlaps import Overlaps, in_order, suppress
from bioloom.postprocess.star_shapes import find_cones, half_sides
from bioloom.targets.rays import ray_directions


def shapes(ndim, count=60, rays=32, seed=0):
    rng = np.random.default_rng(seed)
    centers = rng.integers(0, 40 if ndim == 2 else 16, (count, ndim))
    radii = (rng.uniform(2, 5, (count, 1)) * rng.uniform(0.8, 1.2, (count, rays))).astype(np.float32)
    return centers.astype(np.int64), radii


def overlaps_of(centers, radii, spacing):
    cones = find_cones(
        ray_directions(radii.shape[1], centers.shape[1]), spacing, half_sides(radii, spacing).max(axis=0)
    )
    return Overlaps(centers, radii, spacing, cones)


def painted(overlaps, shape):
    """The voxels of a shape, as a set."""
    box = overlaps.box(shape)
    return set(map(tuple, (np.argwhere(overlaps.mask(shape, box)) + box.start).tolist()))


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("limit", [0.0, 0.4, 0.9])
def test_it_is_the_greedy_choice_over_all_pairs(ndim, limit):
    spacing = (2.0, 1.0, 1.0)[-ndim:]
    centers, radii = shapes(ndim)
    overlaps = overlaps_of(centers, radii, spacing)
    voxels = [painted(overlaps, shape) for shape in range(len(centers))]
    kept = []
    for shape, own in enumerate(voxels):
        if all(len(own & voxels[k]) / min(len(own), len(voxels[k])) <= limit for k in kept):
            kept.append(shape)
    assert 1 < len(kept) < len(centers)
    np.testing.assert_array_equal(suppress(overlaps_of(centers, radii, spacing), spacing, limit), kept)


def test_the_order_is_that_of_scores_then_coordinates():
    centers = np.array([[1, 2], [0, 5], [0, 3], [9, 9]])
    score = np.array([0.5, 0.5, 0.5, 0.7])
    np.testing.assert_array_equal(in_order(score, centers), [3, 2, 1, 0])
