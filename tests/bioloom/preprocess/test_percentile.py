import numpy as np
import pytest
from pydantic import ValidationError

from bioloom.preprocess import NORMALIZATIONS


def test_percentiles_become_0_and_1(image, normalised):
    flat = normalised(image, name="percentile").reshape(len(image), -1)
    found = np.percentile(flat, [1, 99.8], axis=1)
    np.testing.assert_allclose(found, [[0] * len(flat), [1] * len(flat)], atol=1e-9)
    flat = normalised(image, name="percentile", low=0, high=100).reshape(len(image), -1)
    np.testing.assert_allclose([flat.min(axis=1), flat.max(axis=1)], [[0] * len(flat), [1] * len(flat)])


def test_a_constant_channel_becomes_0(normalised):
    assert (normalised(np.full((1, 9, 9), 7, np.uint8), name="percentile") == 0).all()


def test_an_image_that_is_empty_but_for_a_voxel_keeps_its_range(normalised):
    image = np.zeros((1, 100, 100), np.uint16)
    image[0, 5, 5] = 5000
    assert normalised(image, name="percentile").max() == 1


def test_a_hot_voxel_does_not_matter(fit):
    image = np.random.default_rng(0).integers(100, 200, (1, 100, 100)).astype(np.uint16)
    before = fit(image, name="percentile")
    image[0, 5, 5] = 65535
    np.testing.assert_allclose(fit(image, name="percentile"), before, atol=1.0)


@pytest.mark.parametrize("options", [{"low": 50, "high": 50}, {"low": -1}, {"high": 101}, {"mean": 0}])
def test_faulty_options(options):
    with pytest.raises(ValidationError):
        NORMALIZATIONS.parse({"name": "percentile", **options})
