import numpy as np

from bioloom.targets.background import Background, BackgroundOptions
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.foreground import Foreground, ForegroundOptions


def test_it_is_the_foreground_the_other_way_round():
    labels = np.array([[0, 2, 2, -1], [0, 0, 2, -3]])
    facts = ObjectFacts(np.array([2]), np.zeros((1, 2)), np.ones(1), 1.0)
    cut = ((False, False),) * 2
    values, weight = Background(BackgroundOptions()).make(labels, facts, (1.0, 1.0), cut)
    other, same = Foreground(ForegroundOptions()).make(labels, facts, (1.0, 1.0), cut)
    known = labels >= 0
    np.testing.assert_array_equal(values[0][known], 1 - other[0][known])
    np.testing.assert_array_equal(weight, same)
