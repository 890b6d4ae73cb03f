import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.targets import TARGETS
from bioloom.targets.facts import ObjectFacts


def target(**options):
    return TARGETS["classes"](TARGETS.parse({"name": "classes", **options}))


def facts(ids, classes):
    n = len(ids)
    names = None if classes is None else np.array(classes, np.str_)
    return ObjectFacts(np.array(ids), np.zeros((n, 2)), np.ones(n), 1.0, names)


def make(labels, known, **options):
    return target(**options).make(labels, known, (1.0,) * labels.ndim, ((True, True),) * labels.ndim)


@pytest.mark.parametrize("shape", [(6, 7), (3, 5, 6)])
def test_every_voxel_is_1_in_the_channel_of_its_class(shape):
    labels = np.random.default_rng(0).integers(0, 4, shape)
    values, weight = make(labels, facts([1, 2, 3], ["7", "2", "7"]), classes=[0, 2, 7])
    expected = np.array([0, 7, 2, 7])[labels]
    for channel, id_ in enumerate((0, 2, 7)):
        np.testing.assert_array_equal(values[channel], expected == id_)
    assert (weight == 1).all()


def test_classes_without_a_channel_and_voxels_beyond_the_border_count_nothing():
    labels = np.array([[0, 1, 2, -1, -2]])
    _, weight = make(labels, facts([1, 2], ["1", "9"]), classes=[0, 1])
    assert weight[:, 0].tolist() == [[1, 1, 0, 0, 0]] * 2
    _, weight = make(labels, facts([1, 2], ["1", "9"]), classes=[1, 9])
    assert weight[0].tolist() == [[0, 1, 1, 0, 0]]


def test_channels_are_named_by_ids():
    assert [c.name for c in target(classes=[0, 4]).channels(2)] == ["classes-0", "classes-4"]
    assert {c.activation for c in target().channels(3)} == {"softmax"}


def test_labels_that_tell_no_classes():
    with pytest.raises(BioLoomError, match="the labels tell no classes"):
        make(np.array([[0, 1]]), facts([1], None), classes=[0, 1])
    values, _ = make(np.zeros((2, 2), int), facts([], None), classes=[0, 1])
    assert values[0].all()
