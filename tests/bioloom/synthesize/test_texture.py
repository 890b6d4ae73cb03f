import numpy as np
import pytest

from bioloom.synthesize.kind import Frame
from bioloom.synthesize.texture import displaced, field

FRAMES = [Frame((96, 96), (0.5, 0.5)), Frame((32, 64, 64), (1.0, 0.5, 0.5))]


@pytest.mark.parametrize("frame", FRAMES, ids=["2D", "3D"])
def test_a_field_is_smooth_over_its_length_along_every_axis(frame):
    """A Gaussian of standard deviation s correlates white noise at distance d by exp(-d^2 / 4 s^2)."""
    found = field(np.random.default_rng(0), frame, 2.0)
    assert found.dtype == np.float32
    assert found.mean() == pytest.approx(0, abs=1e-4)
    assert found.std() == pytest.approx(1, abs=1e-4)
    for axis, size in enumerate(frame.spacing):
        moved = np.roll(found, round(2.0 / size), axis)
        assert (found * moved).mean() == pytest.approx(np.exp(-0.25), abs=0.12)


@pytest.mark.parametrize("frame", FRAMES, ids=["2D", "3D"])
def test_coordinates_move_as_far_as_asked(frame):
    found = displaced(np.random.default_rng(0), frame, 3.0, 0.7)
    moves = found - frame.coordinates()
    for move in moves:
        assert move.std() == pytest.approx(0.7, abs=1e-3)


def test_coordinates_are_centers_of_voxels():
    found = Frame((2, 3), (2.0, 0.5)).coordinates()
    np.testing.assert_allclose(found[:, 1, 2], [3.0, 1.25])
