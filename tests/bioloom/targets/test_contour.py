import numpy as np
import pytest
from scipy import ndimage
from skimage.segmentation import find_boundaries

from bioloom.targets.contour import Contour, ContourOptions
from bioloom.targets.facts import ObjectFacts


def labels_of(shape, seed=0):
    rng = np.random.default_rng(seed)
    return ndimage.zoom(rng.integers(0, 4, [n // 5 for n in shape]), 5, order=0)


def make(labels, cut=None, **options):
    facts = ObjectFacts(np.zeros(0, int), np.zeros((0, labels.ndim)), np.zeros(0), 1.0)
    cut = cut or ((False, False),) * labels.ndim
    values, weight = Contour(ContourOptions(**options)).make(labels, facts, (1.0,) * labels.ndim, cut)
    return values[0], weight[0]


@pytest.mark.parametrize("shape", [(30, 40), (15, 20, 25)])
@pytest.mark.parametrize("mode", ["thick", "inner"])
def test_width_one_is_what_scikit_image_finds(shape, mode):
    labels = labels_of(shape)
    expected = find_boundaries(labels, connectivity=1, mode=mode)
    np.testing.assert_array_equal(make(labels, mode=mode)[0], expected)


@pytest.mark.parametrize("shape", [(30, 40), (15, 20, 25)])
@pytest.mark.parametrize("width", [2, 3])
def test_wider_contours_by_brute_force(shape, width):
    labels = labels_of(shape)
    steps = np.stack(np.meshgrid(*[np.arange(-width, width + 1)] * len(shape), indexing="ij"), -1)
    steps = steps.reshape(-1, len(shape))
    expected = np.zeros(shape, bool)
    padded = np.pad(labels, width, constant_values=-1)
    for step in steps[np.abs(steps).sum(1) <= width]:
        seen = padded[tuple(slice(width + s, width + s + n) for s, n in zip(step, shape, strict=True))]
        expected |= (seen != labels) & (seen >= 0)
    np.testing.assert_array_equal(make(labels, width=width)[0], expected)
    np.testing.assert_array_equal(make(labels, width=width, mode="inner")[0], expected & (labels > 0))


def test_a_cut_unsettles_what_it_is_near_to():
    labels = np.zeros((8, 12), int)
    labels[:, 6:] = 1
    _, weight = make(labels, ((False, False), (True, True)), width=2)
    np.testing.assert_array_equal(weight, np.tile([0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0], (8, 1)))
    _, weight = make(labels, ((False, False), (True, True)), width=2, mode="inner")
    np.testing.assert_array_equal(weight, np.tile([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0], (8, 1)))


def test_the_border_of_the_image_is_no_boundary():
    labels = np.full((6, 6), 4)
    labels[:2] = -5
    values, weight = make(labels)
    assert not values.any()
    np.testing.assert_array_equal(weight.any(axis=1), [0, 0, 1, 1, 1, 1])
