import numpy as np
import pytest
from scipy import ndimage

from bioloom.targets.core import Core, CoreOptions
from bioloom.targets.facts import ObjectFacts


@pytest.mark.parametrize("depth", [0.3, 0.5, 0.8])
@pytest.mark.parametrize(("shape", "spacing"), [((15, 21), (1.0, 0.5)), ((9, 15, 19), (2.0, 0.5, 0.7))])
def test_it_is_what_lies_deep_enough(shape, spacing, depth):
    labels = np.zeros(shape, int)
    labels[(slice(1, 8), slice(2, 12), slice(2, 16))[: len(shape)]] = 4
    labels[..., -3:] = 9
    inside = [ndimage.distance_transform_edt(np.pad(labels == i, 1, "edge"), spacing) for i in (4, 9)]
    inside = [part[(slice(1, -1),) * len(shape)] for part in inside]
    facts = ObjectFacts(
        np.array([4, 9]), np.zeros((2, len(shape))), np.array([part.max() for part in inside]), 1.0
    )
    values, weight = Core(CoreOptions(depth=depth)).make(labels, facts, spacing, ((False,) * 2,) * len(shape))
    expected = sum(part >= depth * part.max() for part in inside)
    np.testing.assert_array_equal(values[0], expected)
    assert weight.all()
    assert all(values[0][labels == i].any() for i in (4, 9))


def test_a_waist_makes_two_cores():
    labels = np.zeros((15, 33), int)
    labels[1:14, 1:14] = labels[1:14, 19:32] = labels[6:9, 14:19] = 1
    deepest = ndimage.distance_transform_edt(labels).max()
    facts = ObjectFacts(np.array([1]), np.zeros((1, 2)), np.array([deepest]), 1.0)
    values, _ = Core(CoreOptions()).make(labels, facts, (1.0, 1.0), ((False,) * 2,) * 2)
    assert ndimage.label(values[0])[1] == 2
