import numpy as np
import pytest
import torch
from scipy import ndimage

from bioloom.augment.affine import affine, rotation
from bioloom.augment.elastic import elastic
from bioloom.augment.frame import Frame
from bioloom.augment.options import AffineOptions, ElasticOptions
from bioloom.augment.sample import Warp
from bioloom.augment.spatial_map import SpatialMap
from bioloom.geometry.box import Box
from bioloom.targets.base import extended, unknown

FRAMES = [Frame((40, 31), (1.0, 1.0)), Frame((30, 41), (0.5, 1.3)), Frame((12, 21, 30), (2.0, 0.4, 0.5))]


def random_map(frame, seed):
    generator = torch.Generator().manual_seed(seed)
    map_ = affine(SpatialMap.identity(frame), AffineOptions(tilt=10, translation=4), generator)
    return elastic(map_, ElasticOptions(magnitude=1, control_spacing=10), generator)


def mirrored(array, box):
    """A box of an array that may stick out, by numpy."""
    ends = zip(box.start, box.stop, array.shape, strict=True)
    pads = [(max(-a, 0), max(b - n, 0)) for a, b, n in ends]
    padded = np.pad(array, pads, mode="reflect")
    return padded[box.shift(tuple(low for low, _ in pads)).slices]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("seed", range(3))
def test_images_are_interpolated_as_scipy_does(frame, seed):
    map_, patch = random_map(frame, seed), Box.of(frame.shape)
    picture = np.random.default_rng(seed).normal(size=frame.shape).astype(np.float32)
    source = map_.source_box(patch)
    crop = torch.from_numpy(np.stack([mirrored(picture, source), mirrored(2 * picture, source)]))
    found = Warp(map_, patch.grow(2)).image(crop, patch).numpy()
    places = np.stack(np.meshgrid(*map(np.arange, frame.shape), indexing="ij"), -1).reshape(-1, frame.ndim)
    where = map_.forward(places.astype(float)).T
    expected = ndimage.map_coordinates(picture, where, order=1, mode="mirror").reshape(frame.shape)
    np.testing.assert_allclose(found, np.stack([expected, 2 * expected]), atol=5e-4)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("seed", range(3))
def test_labels_come_from_the_nearest_voxel_or_say_which_is_nearest(frame, seed):
    map_, window = random_map(frame, seed), Box.of(frame.shape).grow(3)
    # neighbours differ, ids are beyond what float32 can hold
    labels = np.arange(np.prod(frame.shape)).reshape(frame.shape) + 2**40
    inside = map_.source_box(window).clip(Box.of(frame.shape))
    found = Warp(map_, window).labels(labels[inside.slices], inside)

    places = np.stack(np.meshgrid(*map(np.arange, window.start, window.stop), indexing="ij"), -1)
    where = map_.forward(places.reshape(-1, frame.ndim).astype(float))
    nearest = np.floor(where + 0.5).astype(int)
    clipped = nearest.clip(0, np.array(frame.shape) - 1)
    expected = labels[tuple(clipped.T)]
    expected = np.where((nearest != clipped).any(1), -1 - expected, expected).reshape(window.shape)
    clear = (np.abs(where % 1 - 0.5) > 1e-3).all(1).reshape(window.shape)
    assert clear.mean() > 0.9
    np.testing.assert_array_equal(found[clear], expected[clear])
    assert (found < 0).any()


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("exact", [False, True])
def test_labels_say_what_lies_beyond_a_cut_face(frame, exact):
    """Beyond the low face of the first axis and the high face of the last, also where two faces meet."""
    window = Box.of(frame.shape).grow(3)
    map_ = SpatialMap.identity(frame).then(np.diag([-1.0] + [1.0] * (frame.ndim - 1)))
    map_ = map_ if exact else random_map(frame, 4)
    assert map_.exact == exact
    labels = np.arange(np.prod(frame.shape)).reshape(frame.shape)
    inside = map_.source_box(window).clip(Box.of(frame.shape))
    cut = ((True, False), *((False, False),) * (frame.ndim - 2), (False, True))
    plain = Warp(map_, window).labels(labels[inside.slices], inside)
    found = Warp(map_, window).labels(labels[inside.slices], inside, cut)

    places = np.stack(np.meshgrid(*map(np.arange, window.start, window.stop), indexing="ij"), -1)
    where = map_.forward(places.reshape(-1, frame.ndim).astype(float)).T
    away = ((where[0] < -0.5) | (where[-1] >= frame.shape[-1] - 0.5)).reshape(window.shape)
    clear = (np.abs(where % 1 - 0.5) > 1e-3).all(0).reshape(window.shape)
    assert 0 < away.sum() < (plain < 0).sum()
    np.testing.assert_array_equal(unknown(found)[clear], away[clear])
    np.testing.assert_array_equal(extended(found), extended(plain))


QUARTER = rotation(2, (-2, -1), 90).round()


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (np.eye(2), lambda a: a),
        (np.diag([-1.0, 1.0]), lambda a: a[::-1]),
        (np.diag([-1.0, -1.0]), lambda a: a[::-1, ::-1]),
        (QUARTER, lambda a: np.rot90(a, -1)),
        (QUARTER @ np.diag([1.0, -1.0]), lambda a: np.rot90(a, -1)[:, ::-1]),
    ],
)
def test_exact_maps_copy_voxels(matrix, expected):
    frame, patch = Frame((9, 9), (1.0, 1.0)), Box.of((9, 9))
    picture = np.random.default_rng(0).normal(size=(1, 9, 9)).astype(np.float32)
    map_ = SpatialMap.identity(frame).then(matrix)
    found = Warp(map_, patch).image(torch.from_numpy(picture), patch)
    np.testing.assert_array_equal(found[0], expected(picture[0]))
    places = np.stack(np.meshgrid(*[np.arange(9.0)] * 2, indexing="ij"), -1).reshape(-1, 2)
    where = tuple(np.rint(map_.forward(places)).astype(int).T)
    np.testing.assert_array_equal(found[0].ravel(), picture[0][where])


@pytest.mark.parametrize("ndim", [2, 3])
def test_exact_and_interpolated_labels_agree(ndim):
    frame, window = Frame((8,) * ndim, (1.0,) * ndim), Box.of((8,) * ndim).grow(3)
    map_ = SpatialMap.identity(frame).then(np.roll(np.eye(ndim), 1, 0) @ np.diag([-1.0] + [1.0] * (ndim - 1)))
    labels = np.random.default_rng(0).integers(0, 99, (6,) * ndim)
    inside = Box((1,) * ndim, (7,) * ndim)
    exact = Warp(map_, window).labels(labels, inside)
    almost = SpatialMap(frame, map_.matrix, np.full(ndim, 1e-6))
    assert not almost.exact
    np.testing.assert_array_equal(exact, Warp(almost, window).labels(labels, inside))


def test_a_window_that_misses_the_image_knows_nothing():
    frame, window = Frame((8, 8), (1.0, 1.0)), Box.of((8, 8))
    inside = Box((20, 0), (20, 8))
    found = Warp(SpatialMap.identity(frame), window).labels(np.zeros((0, 8), int), inside)
    np.testing.assert_array_equal(found, np.full((8, 8), -1))


@pytest.mark.parametrize("shape", [(1, 12), (1, 8, 8)])
def test_an_axis_of_one_voxel(shape):
    frame, patch = Frame(shape, (1.0,) * len(shape)), Box.of(shape)
    map_ = SpatialMap.identity(frame).then(rotation(len(shape), (-2, -1), 0.0), np.full(len(shape), 0.25))
    source = map_.source_box(patch)
    image = torch.ones(1, *source.shape)
    np.testing.assert_allclose(Warp(map_, patch).image(image, patch), np.ones((1, *shape)))


@pytest.mark.parametrize("spacing", [(2.0, 0.5, 0.5), (0.2, 0.5, 0.5)])
@pytest.mark.parametrize("seed", range(3))
def test_planes_stay_apart(spacing, seed):
    """Of a patch that is one plane thick, every value comes from that plane, whatever is drawn."""
    frame, patch = Frame((1, 30, 20), spacing), Box.of((1, 30, 20))
    generator = torch.Generator().manual_seed(seed)
    options = AffineOptions(tilt=45, translation=4, shear=20, scale=(0.5, 2.0))
    map_ = affine(SpatialMap.identity(frame), options, generator)
    map_ = elastic(map_, ElasticOptions(magnitude=2, control_spacing=10), generator)
    source = map_.source_box(patch)
    assert (source.start[0], source.stop[0]) == (0, 1)
    assert (map_.coordinates(patch)[0] == 0).all()
    plane = torch.from_numpy(np.random.default_rng(seed).normal(size=source.shape).astype(np.float32))
    found = Warp(map_, patch).image(plane[None], patch)[0]
    where = map_.coordinates(patch).numpy()
    start = np.array(source.start).reshape(-1, 1, 1, 1)
    expected = ndimage.map_coordinates(plane.numpy()[0], (where - start)[1:].reshape(2, -1), order=1)
    np.testing.assert_allclose(found.numpy().ravel(), expected, atol=1e-4)
    # in the plane much moves, and labels of other planes stay in theirs
    assert np.abs(where[1:] - np.indices(patch.shape)[1:]).max() > 2
    window = patch.grow((2, 0, 0))
    labels = np.broadcast_to(np.arange(5, dtype=np.int32)[:, None, None], (5, 200, 200))
    inside = map_.source_box(window).clip(Box((-2, -90, -90), (3, 110, 110)))
    taken = Warp(map_, window).labels(
        np.ascontiguousarray(labels[: inside.shape[0], : inside.shape[1], : inside.shape[2]]), inside
    )
    assert all(len(np.unique(plane[plane >= 0])) == 1 for plane in taken)
