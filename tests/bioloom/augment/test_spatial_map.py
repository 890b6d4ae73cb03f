import numpy as np
import pytest
import torch

from bioloom.augment.affine import affine, rotation
from bioloom.augment.elastic import elastic
from bioloom.augment.frame import Frame
from bioloom.augment.options import AffineOptions, ElasticOptions
from bioloom.augment.spatial_map import SpatialMap
from bioloom.geometry.box import Box

FRAMES = [Frame((40, 31), (1.0, 1.0)), Frame((30, 41), (0.5, 1.3)), Frame((12, 21, 30), (2.0, 0.4, 0.5))]
AFFINE = AffineOptions(tilt=10, translation=4, shear=20)
ELASTIC = ElasticOptions(magnitude=2, control_spacing=10)


def random_map(frame, seed=0, bend=True):
    generator = torch.Generator().manual_seed(seed)
    map_ = affine(SpatialMap.identity(frame), AFFINE, generator)
    return elastic(map_, ELASTIC, generator) if bend else map_


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("bend", [False, True])
def test_the_inverse_undoes_the_map(frame, bend):
    points = np.random.default_rng(0).uniform(-5, 40, (50, frame.ndim))
    for seed in range(4):
        map_ = random_map(frame, seed, bend)
        np.testing.assert_allclose(map_.forward(map_.inverse(points)), points, atol=1e-3 if bend else 1e-9)
    assert random_map(frame).inverse(points[:0]).shape == (0, frame.ndim)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("bend", [False, True])
def test_coordinates_are_the_map_on_every_voxel_and_lie_in_the_source_box(frame, bend):
    map_ = random_map(frame, 3, bend)
    box = Box.of(frame.shape).grow(3)
    places = np.stack(np.meshgrid(*map(np.arange, box.start, box.stop), indexing="ij"), -1)
    expected = map_.forward(places.reshape(-1, frame.ndim).astype(float))
    found = map_.coordinates(box)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.numpy().reshape(frame.ndim, -1).T, expected, atol=1e-3)
    source = map_.source_box(box)
    assert (expected >= source.start).all()
    assert (np.floor(expected) + 2 <= source.stop).all(), "both neighbours are needed"


def test_the_center_of_the_patch_stays_where_it_is():
    for frame in FRAMES:
        turned = SpatialMap.identity(frame).then(rotation(frame.ndim, (-2, -1), 37))
        center = np.array([frame.center])
        np.testing.assert_allclose(turned.forward(center), center)


def test_a_rotation_keeps_lengths_in_micrometres():
    frame = Frame((20, 50), (2.5, 0.5))
    turned = SpatialMap.identity(frame).then(rotation(2, (-2, -1), 30))
    ends = np.array([[3.0, 4.0], [11.0, 17.0]])
    before, after = (np.diff(p, axis=0) * frame.spacing for p in (ends, turned.forward(ends)))
    assert np.linalg.norm(after) == pytest.approx(np.linalg.norm(before))
    assert not np.allclose(before, after)


def test_what_comes_later_applies_to_the_changed_picture():
    frame = Frame((9, 9), (1.0, 1.0))
    first, second = rotation(2, (-2, -1), 90), np.diag([1.0, 2.0])
    shift = np.array([1.0, 3.0])
    composed = SpatialMap.identity(frame).then(first, shift).then(second)
    point = np.array([[2.0, 7.0]])
    through_second = SpatialMap.identity(frame).then(second).forward(point)
    expected = SpatialMap.identity(frame).then(first, shift).forward(through_second)
    np.testing.assert_allclose(composed.forward(point), expected)


def test_magnification():
    frame = Frame((10, 10, 10), (2.0, 1.0, 1.0))
    map_ = SpatialMap.identity(frame).then(rotation(3, (0, 2), 20) / 1.5)
    assert map_.magnification == pytest.approx(1.5)
    assert SpatialMap.identity(frame).magnification == 1.0


def test_only_exchanged_and_mirrored_axes_are_exact():
    square, flat = Frame((8, 8), (1.0, 1.0)), Frame((8, 8), (1.0, 2.0))
    quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
    assert SpatialMap.identity(square).exact
    assert SpatialMap.identity(square).then(quarter).then(np.diag([-1.0, 1.0])).exact
    assert SpatialMap.identity(square).then(quarter).source_box(Box.of((8, 8))) == Box.of((8, 8))
    assert not SpatialMap.identity(flat).then(quarter).exact
    assert not SpatialMap.identity(square).then(np.eye(2), np.array([1.0, 0.0])).exact
    assert not random_map(square).exact
