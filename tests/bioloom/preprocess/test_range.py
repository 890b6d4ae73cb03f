import numpy as np
import pytest
from pydantic import ValidationError

from bioloom.errors import BioLoomError
from bioloom.preprocess import NORMALIZATIONS


def test_two_intensities_become_0_and_1(image, normalised):
    np.testing.assert_allclose(normalised(image, name="range", low=100, high=300), (image - 100.0) / 200)


def test_a_range_per_channel(image, fit):
    lows = [10.0 * (c + 1) for c in range(len(image))]
    found = fit(image, name="range", low=lows, high=1000)
    np.testing.assert_allclose(found, [lows, [1000 - low for low in lows]])
    with pytest.raises(BioLoomError, match=f"given for 5 channels, the image has {len(image)}"):
        fit(image, name="range", low=0, high=[1.0] * 5)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"low": 1, "high": 1},
        {"low": [0, 5], "high": [1, 5]},
        {"low": [0, 5], "high": [1, 6, 7]},
    ],
)
def test_faulty_options(options):
    with pytest.raises(ValidationError):
        NORMALIZATIONS.parse({"name": "range", **options})
