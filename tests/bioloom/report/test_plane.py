import numpy as np
import pytest

from bioloom.geometry.box import Box
from bioloom.report.plane import Plane

VALUES = np.random.default_rng(0).integers(0, 99, (2, 5, 6, 7))


@pytest.mark.parametrize(
    ("axis", "expected"), [(0, VALUES[:, 3]), (1, VALUES[:, :, 3]), (2, VALUES[:, :, :, 3])]
)
def test_slices_and_crops_of_a_volume(volume, axis, expected):
    plane = Plane.through((5, 6, 7), axis, 3)
    assert np.array_equal(plane.read(volume(VALUES)), expected)
    assert plane.shape == expected.shape[1:]
    part = plane.crop(Box((1, 2), (4, 5))).crop(Box((1, 0), (3, 2)))
    assert part.origin == (2, 2)
    assert np.array_equal(part.read(volume(VALUES)), expected[:, 2:4, 2:4])


def test_a_flat_image_is_its_own_plane(volume):
    plane = Plane.through((6, 7), None)
    assert np.array_equal(plane.read(volume(VALUES[:, 0])), VALUES[:, 0])
    assert plane.caption((6, 7)) == ""
    assert plane.pixel((0.5, 0.25)) == (0.5, 0.25)


def test_a_slice_says_which_it_is_and_how_its_pixels_are():
    plane = Plane.through((5, 6, 7), 1, 4)
    assert plane.caption((5, 6, 7)) == "y = 4 of 0–5"
    assert plane.pixel((2.0, 0.5, 0.25)) == (2.0, 0.25)
