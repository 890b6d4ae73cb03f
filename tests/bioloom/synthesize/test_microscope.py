import numpy as np
import pytest

from bioloom.synthesize.kind import Frame
from bioloom.synthesize.microscope import AXIAL, Microscope, slope

FRAMES = [Frame((64, 64), (0.2, 0.2)), Frame((24, 48, 48), (0.5, 0.2, 0.2))]
EVEN = Microscope(blur=0.5, photons=50, background=1.0, unevenness=0, offset=100, read_noise=3)


@pytest.mark.parametrize("frame", FRAMES, ids=["2D", "3D"])
def test_the_noise_is_that_of_light_and_camera(frame):
    """Poisson: the variance is the mean number of counts; reading out adds its own, rounding 1/12."""
    found = EVEN.take(np.random.default_rng(0), frame, np.ones(frame.shape)).astype(float)
    assert found.mean() == pytest.approx(200, rel=0.01)
    assert found.var() == pytest.approx(100 + 9 + 1 / 12, rel=0.08)


@pytest.mark.parametrize("frame", FRAMES, ids=["2D", "3D"])
def test_a_point_is_blurred_in_micrometres(frame):
    light = np.zeros(frame.shape)
    center = tuple(n // 2 for n in frame.shape)
    light[center] = 1e3
    clean = Microscope(blur=0.5, photons=1e3, background=0, unevenness=0, offset=0, read_noise=0)
    wide = Frame(frame.shape, frame.spacing)
    found = clean.take(np.random.default_rng(0), wide, light).astype(float)
    grid = frame.coordinates() - frame.coordinates()[(slice(None), *center)].reshape(-1, *[1] * frame.ndim)
    widths = np.sqrt((found * grid**2).reshape(frame.ndim, -1).sum(1) / found.sum())
    np.testing.assert_allclose(widths, [0.5 * AXIAL, 0.5, 0.5][-frame.ndim :], rtol=0.05)


def test_uneven_light_is_uneven():
    uneven = Microscope(blur=0.1, photons=1e4, background=1.0, unevenness=0.4)
    found = uneven.take(np.random.default_rng(0), FRAMES[0], np.zeros(FRAMES[0].shape)).astype(float)
    assert np.ptp(np.percentile(found, (1, 99))) > 0.2 * found.mean()


@pytest.mark.parametrize("frame", FRAMES, ids=["2D", "3D"])
def test_a_slope_is_a_plane(frame):
    found = slope(np.random.default_rng(0), frame).astype(float)
    assert np.abs(found).max() <= 1
    for axis in range(frame.ndim):
        assert np.diff(found, 2, axis).max() < 1e-5
        assert np.ptp(np.diff(found, axis=axis)) < 1e-5
