import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.targets import TARGETS
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.stack import TargetStack


def stack(*options):
    return TargetStack([TARGETS.parse(o) for o in options])


def test_channels_are_those_of_the_targets_in_order():
    targets = stack("foreground", {"name": "contour", "width": 2}, "distance")
    found = [(channel.name, channel.activation) for channel in targets.channels(2)]
    assert found == [("foreground", "sigmoid"), ("contour", "sigmoid"), ("distance", "linear")]
    assert targets.margin(1.0, (1.0, 0.25)) == (2, 8)
    assert not targets.uses_centers
    assert stack("center").uses_centers

    labels = np.zeros((6, 6), int)
    labels[2:5, 2:5] = 1
    facts = ObjectFacts(np.array([1]), np.array([[3.0, 3.0]]), np.array([2.0]), 2.0)
    values, weight = targets.make(labels, facts, (1.0, 1.0), ((False, False),) * 2)
    assert values.shape == weight.shape == (3, 6, 6)
    np.testing.assert_array_equal(values[0], labels > 0)


def test_no_target_and_two_of_one_name_are_errors():
    with pytest.raises(BioLoomError, match="empty"):
        stack()
    with pytest.raises(BioLoomError, match="contour more than once"):
        stack("contour", {"name": "contour", "width": 2})


def test_channels_begin_where_their_targets_say():
    options = [TARGETS.parse(t) for t in ("foreground", {"name": "points", "classes": ["a", "b"]})]
    assert TargetStack(options).starts(2) == (0.0, -4.0, -4.0)
