import numpy as np
import pytest

from bioloom.postprocess.gaussian_filter import Gaussian
from bioloom.postprocess.program import compile_passes


@pytest.mark.parametrize("sigma", [(1.0, 1.0), (0.0, 0.8), (0.5, 1.2, 1.2)])
def test_every_voxel_gets_the_weighted_mean_of_those_around_it(sigma):
    values = np.random.default_rng(0).random((12, 13, 14)[-len(sigma) :]).astype(np.float32)
    expected = values.astype(np.float64)
    for axis, width in enumerate(sigma):
        if width:
            reach = int(np.ceil(3 * width))
            weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
            lines = np.moveaxis(expected, axis, -1)
            padded = np.pad(lines, [(0, 0)] * (values.ndim - 1) + [(reach, reach)], mode="symmetric")
            windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=-1)
            expected = np.moveaxis(windows @ (weights / weights.sum()), -1, axis)
    np.testing.assert_allclose(Gaussian(sigma)(values), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "sigma"),
    [
        ({}, (0.25, 1, 1)),
        ({"sigma": 2, "along": "xy"}, (0, 2, 2)),
        ({"sigma_um": 3, "along": "z"}, (1.5, 0, 0)),
    ],
)
def test_the_width_is_the_same_length_along_all_axes(options, sigma):
    terms = dict.fromkeys(("foreground", "seeds", "topography"), "a")
    operations = [{"name": "gaussian_filter", **options}, {"name": "watershed", **terms}]
    passes = compile_passes(operations, channels=("a",), spacing=(2.0, 0.5, 0.5))
    assert passes[0].filters[0].filter == Gaussian(sigma)
