import numpy as np
import pytest
from scipy import ndimage

from bioloom.errors import BioLoomError
from bioloom.targets import TARGETS
from bioloom.targets.border_weight import BorderWeight, BorderWeightOptions
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.stack import TargetStack

CASES = [((16, 20), (1.0, 1.0)), ((16, 20), (0.7, 1.3)), ((6, 9, 12), (2.0, 0.5, 0.6))]


def scene(shape):
    """Three objects: two a voxel apart, one away from them."""
    labels = np.zeros(shape, np.uint8)
    labels[1:5, 1:5] = 1
    labels[1:5, 6:9] = 2
    labels[5:, 6:, ...] = 3
    return labels


def facts(ndim, median):
    return ObjectFacts(np.arange(1, 4), np.zeros((3, ndim)), np.ones(3), median)


@pytest.mark.parametrize(("shape", "spacing"), CASES)
def test_the_formula(shape, spacing):
    labels, ndim = scene(shape), len(shape)
    options = BorderWeightOptions(strength=7, sigma=0.6)
    factor = BorderWeight(options).factor(labels, facts(ndim, 2.0), spacing, ((False, False),) * ndim)
    apart = [ndimage.distance_transform_edt(labels != i, sampling=spacing) for i in (1, 2, 3)]
    first, second, _ = np.sort(apart, axis=0)
    sigma = 0.6 * 2.0
    expected = 1 + 7 * np.exp(-((first + second) ** 2) / (2 * sigma**2))
    np.testing.assert_allclose(factor, expected, atol=7 * np.exp(-8))
    assert factor.max() > 3


def test_it_multiplies_the_weights_of_the_targets_it_names():
    labels = scene((16, 20))
    border = {"name": "border_weight", "of": ["foreground"]}
    stack = TargetStack(TARGETS.parse(target) for target in (border, "foreground", "contour"))
    assert [channel.name for channel in stack.channels(2)] == ["foreground", "contour"]
    known, uncut = facts(2, 2.0), ((False, False),) * 2
    values, weight = stack.make(labels, known, (1.0, 1.0), uncut)
    assert values.shape == weight.shape == (2, 16, 20)
    np.testing.assert_array_equal(
        weight[0], BorderWeight(BorderWeightOptions()).factor(labels, known, (1.0, 1.0), uncut)
    )
    assert (weight[1] == 1).all()


@pytest.mark.parametrize(
    "targets", [["border_weight"], [{"name": "border_weight", "of": ["contour"]}, "foreground"]]
)
def test_weights_of_nothing_are_refused(targets):
    with pytest.raises(BioLoomError, match=r"train\.targets"):
        TargetStack(TARGETS.parse(target) for target in targets)
