import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.evaluate.channels import Channels
from bioloom.evaluate.comparison import compare
from bioloom.evaluate.overlap import candidates, overlap


def test_the_tables_are_those_of_the_overlap(truth, labels):
    found = compare(truth, labels)
    for one, other in (
        (found.table, overlap(truth, labels)),
        (found.pairs, candidates(overlap(truth, labels))),
    ):
        for name, values in vars(one).items():
            np.testing.assert_array_equal(values, getattr(other, name))
    assert found.means == {}


def test_means_are_those_of_each_predicted_object(truth, labels, prediction):
    found = compare(truth, labels, Channels(prediction, ("auto", "distance")))
    for channel, place in (("auto", 1), ("distance", 0)):
        clipped = np.clip(prediction.values[place].astype(float), 0, 1)
        expected = [clipped[labels == label].mean() for label in found.pairs.labels]
        np.testing.assert_allclose(found.means[channel], expected, atol=2**-17)


def test_no_objects_have_no_means(truth, prediction):
    found = compare(truth, truth * 0, Channels(prediction, ("auto",)))
    assert len(found.means["auto"]) == 0


def test_small_objects_at_the_border_may_be_left_out(truth, labels):
    assert len(compare(truth, labels, smallest_truth=60).pairs.truth) < len(
        compare(truth, labels).pairs.truth
    )


def test_each_block_is_read_once(truth, labels, prediction, monkeypatch):
    from bioloom.measure import blocks as module

    class Reader:
        def __init__(self, values):
            self.values, self.shape, self.read = values, values.shape, 0

        def __getitem__(self, index):
            part = self.values[index]
            self.read += part.size
            return part

    monkeypatch.setattr(module, "BLOCK_VOXELS", 10**truth.ndim)
    readers = Reader(truth), Reader(labels)
    compare(*readers, Channels(prediction, ("auto",)), smallest_truth=60)
    assert [reader.read for reader in readers] == [truth.size, truth.size]


def test_different_shapes_and_images_are_refused(truth, labels):
    with pytest.raises(BioLoomError, match="the truth has shape"):
        compare(truth, labels[1:])
    with pytest.raises(BioLoomError, match="labels hold values of type float64"):
        compare(truth, labels.astype(float))
