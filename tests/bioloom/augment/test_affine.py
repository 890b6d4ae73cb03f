import numpy as np
import pytest
import torch

from bioloom.augment.affine import affine, rotation
from bioloom.augment.frame import Frame
from bioloom.augment.options import AffineOptions
from bioloom.augment.spatial_map import SpatialMap


def draws(options, frame, count=200):
    generator = torch.Generator().manual_seed(0)
    return [affine(SpatialMap.identity(frame), AffineOptions(**options), generator) for _ in range(count)]


@pytest.mark.parametrize("frame", [Frame((9, 9), (1.0, 2.0)), Frame((9, 9, 9), (3.0, 1.0, 1.0))])
def test_ranges_are_kept(frame):
    maps = draws({"scale": [0.5, 2.0], "shear": 0}, frame)
    sizes = np.array([m.magnification for m in maps])
    assert sizes.min() >= 0.5
    assert sizes.max() <= 2.0
    assert 0.4 < (sizes > 1).mean() < 0.6, "as many are enlarged as shrunk"
    for m in maps:
        turn = m.matrix * m.magnification
        np.testing.assert_allclose(turn @ turn.T, np.eye(frame.ndim), atol=1e-12)
        assert not m.shift.any()


def test_volumes_turn_in_the_plane_of_the_slices_unless_tilted():
    frame = Frame((9, 9, 9), (3.0, 1.0, 1.0))
    for m in draws({"scale": [1, 1]}, frame, 20):
        np.testing.assert_array_equal(m.matrix[0], [1, 0, 0])
        np.testing.assert_array_equal(m.matrix[:, 0], [1, 0, 0])
    assert any(m.matrix[0, 1] != 0 for m in draws({"tilt": 20}, frame, 20))


def test_translations_are_in_voxels():
    frame = Frame((9, 9), (0.5, 4.0))
    shifts = np.array([m.shift / frame.spacing for m in draws({"translation": 3}, frame)])
    assert np.abs(shifts).max() <= 3
    assert (np.abs(shifts).max(0) > 2.5).all()


def test_a_shear_keeps_areas():
    maps = draws({"scale": [1, 1], "rotation": 0, "shear": 30}, Frame((9, 9), (1.0, 1.0)))
    angles = np.degrees(np.arctan([m.matrix[1, 0] for m in maps]))
    assert np.abs(angles).max() <= 30
    assert all(np.linalg.det(m.matrix) == pytest.approx(1) for m in maps)


def test_rotation_by_ninety_degrees_sends_y_to_x():
    np.testing.assert_allclose(rotation(3, (-2, -1), 90) @ [5, 1, 0], [5, 0, 1], atol=1e-12)
