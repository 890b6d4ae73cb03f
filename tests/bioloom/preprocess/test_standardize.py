import numpy as np


def test_mean_0_and_variance_1(image, normalised):
    flat = normalised(image, name="standardize").reshape(len(image), -1)
    np.testing.assert_allclose(flat.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(flat.std(axis=1), 1, rtol=1e-9)


def test_a_constant_channel_becomes_0(normalised):
    assert (normalised(np.full((1, 9, 9), 7, np.uint8), name="standardize") == 0).all()
