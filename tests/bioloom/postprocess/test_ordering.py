import numpy as np
import pytest
from scipy import ndimage

from bioloom.geometry.box import Box
from bioloom.postprocess.ordering import _descending_bits, _hash, rank_voxels, smoothing_radius


def ranks(values, window, radius, mask):
    image = Box.of(values.shape)
    seen = window.grow(radius).clip(image)
    return rank_voxels(values[seen.slices], seen, window, image, mask[window.slices], radius)


@pytest.mark.parametrize("shape", [(15, 17), (8, 9, 10)])
def test_the_keys_are_value_mean_hash_and_position(shape):
    rng = np.random.default_rng(1)
    values = (rng.integers(-3, 4, shape) / 2).astype(np.float32)
    values[rng.random(shape) < 0.5] = 0.5
    mask = rng.random(shape) < 0.8
    radius = (2,) * len(shape)
    whole = np.rint(values * 4096).astype(np.int64)
    sums = ndimage.correlate(whole, np.ones((5,) * len(shape), np.int64), mode="nearest")
    position = np.arange(values.size).reshape(shape)
    mixed = _hash(position.astype(np.uint64))
    order = np.lexsort((position[mask], mixed[mask], -sums[mask], -values[mask]))
    expected = np.empty(order.size, np.int64)
    expected[order] = np.arange(order.size)
    found = ranks(values, Box.of(shape), radius, mask)
    np.testing.assert_array_equal(found[mask], expected)
    assert not found[~mask].any()


@pytest.mark.parametrize("shape", [(15, 17), (8, 9, 10)])
def test_a_window_sees_a_restriction_of_the_same_order(shape):
    rng = np.random.default_rng(2)
    values = (rng.integers(0, 3, shape) / 2).astype(np.float32)
    mask = rng.random(shape) < 0.8
    radius = smoothing_radius((2.0, 1.0, 1.0)[-len(shape) :])
    whole = ranks(values, Box.of(shape), radius, mask)
    for _ in range(20):
        start = tuple(int(rng.integers(0, n - 1)) for n in shape)
        window = Box(start, tuple(int(rng.integers(a + 1, n + 1)) for a, n in zip(start, shape, strict=True)))
        inside = mask[window.slices]
        part = ranks(values, window, radius, mask)[inside]
        np.testing.assert_array_equal(np.argsort(part), np.argsort(whole[window.slices][inside]))


def test_bits_order_floats_from_high_to_low_and_know_one_zero():
    values = np.array([3e38, 2.5, 1e-45, 0.0, -1e-45, -2.5, -3e38], np.float32)
    assert (np.diff(_descending_bits(values).astype(np.int64)) > 0).all()
    zeros = _descending_bits(np.array([0.0, -0.0], np.float32))
    assert zeros[0] == zeros[1]


def test_coarse_axes_are_smoothed_less():
    assert smoothing_radius((1.0, 1.0)) == (2, 2)
    assert smoothing_radius((4.0, 0.5, 1.0)) == (0, 2, 1)
