from itertools import product

import numpy as np
import pytest

from bioloom.targets.facts import ObjectFacts
from bioloom.targets.touching import Touching, TouchingOptions


def brute_force(labels, width):
    """Whether two different objects lie within `width` steps along the axes, voxel by voxel."""
    found = np.zeros(labels.shape, bool)
    steps = [s for s in product(range(-width, width + 1), repeat=labels.ndim) if sum(map(abs, s)) <= width]
    for place in np.ndindex(labels.shape):
        near = [tuple(np.add(place, step)) for step in steps]
        inside = [p for p in near if all(0 <= c < n for c, n in zip(p, labels.shape, strict=True))]
        found[place] = len({int(labels[p]) for p in inside} - {0}) > 1
    return found


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("shape", [(11, 13), (6, 7, 8)])
def test_zones_by_brute_force(shape, width):
    rng = np.random.default_rng(width)
    labels = np.zeros(shape, np.int64)
    for number in (4, 2, 9):
        corner = [rng.integers(0, n - 3) for n in shape]
        labels[tuple(slice(c, c + 4) for c in corner)] = number
    facts = ObjectFacts(np.array([2, 4, 9]), np.zeros((3, len(shape))), np.ones(3), 1.0)
    values, weight = Touching(TouchingOptions(width=width)).make(
        labels, facts, (1.0,) * len(shape), ((False, False),) * len(shape)
    )
    np.testing.assert_array_equal(values[0], brute_force(labels, width))
    assert weight.all()


def test_without_background_all_is_object():
    labels = np.array([[5, 5, 5, 6, 6]])
    facts = ObjectFacts(np.array([5, 6]), np.zeros((2, 2)), np.ones(2), 1.0)
    values, _ = Touching(TouchingOptions(width=1)).make(labels, facts, (1.0, 1.0), ((False, False),) * 2)
    np.testing.assert_array_equal(values[0], [[0, 0, 1, 1, 0]])
