import numpy as np
import pytest
from scipy import ndimage

from bioloom.targets.rays import crossings, ray_directions, ray_distances


def blobs(ndim, seed=0):
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=(20, 24) if ndim == 2 else (8, 12, 11)), 1.6)
    return ndimage.label(smooth > smooth.std() / 3)[0]


def marched(labels, voxel, direction, spacing):
    """How far a point gets in steps of a thousandth before its nearest voxel has another label."""
    for length in np.arange(0, 40, 0.001):
        place = np.floor(np.array(voxel) + length * direction / spacing + 0.5).astype(int)
        if (place < 0).any() or (place >= labels.shape).any():
            return length, False
        if labels[tuple(place)] != labels[voxel]:
            return length, labels[tuple(place)] >= 0
    raise AssertionError("a ray without an end")


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 0.6, 0.8)])
@pytest.mark.parametrize("ndim", [2, 3])
def test_distances_are_those_of_small_steps(ndim, spacing):
    labels, step = blobs(ndim), spacing[-ndim:]
    labels[-3:] = -1 - labels[-3:]
    # a little off the edges of voxels, where rounding decides which voxel small steps see
    directions = ray_directions(24, ndim) + 0.003
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    distance, known = ray_distances(labels, directions, step)
    voxels = np.argwhere(labels > 0)
    for voxel in map(tuple, np.random.default_rng(1).permutation(voxels)[:12].tolist()):
        for number, direction in enumerate(directions):
            length, ends = marched(labels, voxel, direction, step)
            assert distance[number][voxel] == pytest.approx(length, abs=0.012)
            assert known[number][voxel] == ends
    assert not distance[:, labels <= 0].any()
    assert not known[:, labels <= 0].any()


def test_along_axes_and_diagonals_the_end_is_the_face_or_corner_of_a_voxel():
    labels = np.zeros((9, 9), np.uint16)
    labels[2:7, 2:7] = 1
    distance, known = ray_distances(labels, ray_directions(8, 2), (2.0, 2.0))
    assert known[:, 4, 4].all()
    np.testing.assert_allclose(distance[::2, 4, 4], 5.0)
    np.testing.assert_allclose(distance[1::2, 4, 4], 5 * np.sqrt(2))


def test_a_ray_goes_from_neighbour_to_neighbour():
    lengths, steps = crossings((0.6, -0.8), (1.0, 0.5), (30, 30))
    assert (np.diff(lengths) > 0).all()
    moves = np.diff(steps, axis=0, prepend=np.zeros((1, 2), int))
    assert np.isin(moves[:, 0], (0, 1)).all()
    assert np.isin(moves[:, 1], (0, -1)).all()
    assert (np.abs(steps) < 30).all()


@pytest.mark.parametrize(("ndim", "count"), [(2, 8), (2, 32), (3, 32), (3, 96)])
def test_directions_are_even(ndim, count):
    directions = ray_directions(count, ndim)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    np.testing.assert_allclose(directions.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(directions.T @ directions / count, np.eye(ndim) / ndim, atol=0.02)
    apart = np.linalg.norm(directions[:, None] - directions, axis=-1)
    nearest = np.where(np.eye(count, dtype=bool), np.inf, apart).min(axis=1)
    assert nearest.max() < 1.5 * nearest.min()


def test_turning_a_picture_renumbers_rays_in_2d():
    directions = ray_directions(12, 2)
    for turned in (directions[:, ::-1], directions * (-1, 1)):
        apart = np.linalg.norm(turned[:, None] - directions, axis=-1)
        np.testing.assert_allclose(apart.min(axis=1), 0, atol=1e-9)


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_order_of_voxels_in_memory_does_not_matter(ndim):
    labels, directions, step = blobs(ndim), ray_directions(12, ndim), (2.0, 0.6, 0.8)[-ndim:]
    for array in (np.asfortranarray(labels), labels[..., ::-1][..., ::-1], labels.astype(np.uint64) << 40):
        for got, wanted in zip(
            ray_distances(array, directions, step), ray_distances(labels, directions, step), strict=True
        ):
            np.testing.assert_array_equal(got, wanted)
