import numpy as np
import pytest
from scipy import ndimage

from bioloom.geometry.box import Box
from bioloom.postprocess.maxima import find_maxima


def maxima(values, box):
    image = Box.of(values.shape)
    seen = box.grow(1).clip(image)
    return find_maxima(values[seen.slices], seen, box, 0.3)


@pytest.mark.parametrize("shape", [(20, 24), (8, 9, 10)])
def test_without_plateaus_they_are_the_maxima_of_their_neighbourhood(shape):
    values = np.random.default_rng(0).random(shape).astype(np.float32)
    largest = ndimage.maximum_filter(values, 3, mode="constant", cval=-np.inf)
    expected = np.argwhere((values == largest) & (values > 0.3))
    np.testing.assert_array_equal(maxima(values, Box.of(shape)), expected)


@pytest.mark.parametrize("shape", [(20, 24), (8, 9, 10)])
def test_a_window_finds_those_of_the_whole(shape):
    values = np.random.default_rng(1).integers(0, 4, shape).astype(np.float32)
    whole = maxima(values, Box.of(shape))
    box = Box(tuple(n // 4 for n in shape), tuple(n // 4 + n // 2 for n in shape))
    inside = ((whole >= box.start) & (whole < box.stop)).all(axis=1)
    np.testing.assert_array_equal(maxima(values, box), whole[inside])


def test_a_plateau_has_one_peak():
    values = np.zeros((9, 9), np.float32)
    values[2:5, 3:7] = 1
    np.testing.assert_array_equal(maxima(values, Box.of(values.shape)), [[2, 3]])
    np.testing.assert_array_equal(maxima(np.ones((4, 4), np.float32), Box.of((4, 4))), [[0, 0]])
