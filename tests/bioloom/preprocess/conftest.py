from collections.abc import Callable

import numpy as np
import pytest

from bioloom.preprocess import NORMALIZATIONS
from bioloom.preprocess.statistics import Statistics


@pytest.fixture(params=[(2, 40, 30), (3, 8, 20, 10)], ids=["2d", "3d"])
def image(request) -> np.ndarray:
    """Intensities as of a microscope, the channels of different brightness."""
    gain = (1 + np.arange(request.param[0])).reshape(-1, *[1] * (len(request.param) - 1))
    return (np.random.default_rng(0).gamma(2.0, 300.0, request.param) * gain).astype(np.uint16)


@pytest.fixture
def fit() -> Callable:
    """Fit a normalisation, given as in a config, to an image."""

    def fitted(values, **options):
        options = NORMALIZATIONS.parse(options)
        statistics = Statistics(len(values), values.dtype, lambda: [values])
        statistics.add(values)
        return NORMALIZATIONS[options.name](statistics, options)

    return fitted


@pytest.fixture
def normalised(fit) -> Callable:
    """Return what the network sees of an image."""

    def apply(values, **options):
        offset, scale = fit(values, **options)
        assert offset.shape == scale.shape == (len(values),)
        column = (-1,) + (1,) * (values.ndim - 1)
        return (values - offset.reshape(column)) / scale.reshape(column)

    return apply
