import numpy as np
import pytest

from bioloom.targets.facts import ObjectFacts
from bioloom.targets.foreground import Foreground, ForegroundOptions

NOTHING_KNOWN = ObjectFacts(np.zeros(0, int), np.zeros((0, 2)), np.zeros(0), 1.0)


@pytest.mark.parametrize("cut", [True, False])
def test_foreground_is_every_object_and_needs_no_facts(cut):
    labels = np.array([[0, 3, -1], [9, 0, -4]])
    values, weight = Foreground(ForegroundOptions()).make(
        labels, NOTHING_KNOWN, (1.0, 1.0), ((cut, cut),) * 2
    )
    np.testing.assert_array_equal(values[0], [[0, 1, 0], [1, 0, 0]])
    np.testing.assert_array_equal(weight[0], [[1, 1, 0], [1, 1, 0]])


def test_foreground_wants_no_margin():
    assert Foreground(ForegroundOptions()).margin(10.0, (1.0, 0.5, 0.5)) == (0, 0, 0)
