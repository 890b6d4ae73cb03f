"""The class of an object is that of the highest mean over its voxels, however the image is cut."""

import numpy as np
import pytest

from bioloom.measure import blocks
from bioloom.measure.object_classes import choose, class_channels, object_classes
from bioloom.measure.runs import STEPS


class Store:
    def __init__(self, values, names=()):
        self.values, self.channel_names, self.spatial = values, list(names), values.shape[1:]

    def read(self, box, channels=slice(None)):
        return self.values[(channels, *box.slices)]


@pytest.fixture
def prediction(labels):
    noise = np.random.default_rng(3).random((4, *labels.shape)).astype(np.float32)
    return Store(noise, ["foreground", "classes-1", "classes-3", "classes-12"])


def test_channels_of_classes_are_known_by_their_names(prediction):
    assert class_channels(prediction.channel_names) == {
        "classes-1": "1",
        "classes-3": "3",
        "classes-12": "12",
    }
    assert class_channels(["foreground", "contour"]) == {}


@pytest.mark.parametrize("voxels", [2**21, 5**3, 60])
def test_it_is_that_of_the_highest_mean(labels, prediction, monkeypatch, voxels):
    monkeypatch.setattr(blocks, "BLOCK_VOXELS", voxels)
    table = object_classes(Store(labels[None]), prediction)
    ids = np.unique(labels)[1:]
    means = np.array([[prediction.values[c][labels == id_].mean() for c in (1, 2, 3)] for id_ in ids])
    np.testing.assert_array_equal(table["label"], ids)
    np.testing.assert_array_equal(table["class"], np.array(["1", "3", "12"])[means.argmax(axis=1)])
    np.testing.assert_allclose(table["class_score"], means.max(axis=1), atol=1 / STEPS)


def test_the_table_is_the_same_for_every_block_to_the_last_bit(labels, prediction, monkeypatch):
    whole = object_classes(Store(labels[None]), prediction)
    monkeypatch.setattr(blocks, "BLOCK_VOXELS", 300)
    assert object_classes(Store(labels[None]), prediction).equals(whole)


def test_no_objects_give_no_rows(labels, prediction):
    empty = object_classes(Store(0 * labels[None]), prediction)
    assert empty.columns.tolist() == ["label", "class", "class_score"]
    assert len(empty) == 0


def test_of_equally_probable_classes_the_first_counts():
    classes, scores = choose(np.array([[5, 5], [1, 3]]) * STEPS, np.array([10, 4]), ["7", "9"])
    assert classes.tolist() == ["7", "9"]
    assert scores.tolist() == [0.5, 0.75]
