from dataclasses import replace

import numpy as np
import pytest
import zarr
from scipy.sparse import coo_array
from skimage.metrics import contingency_table

from bioloom.errors import BioLoomError
from bioloom.evaluate.channels import Channels
from bioloom.evaluate.overlap import VolumeLabels, candidates, merge_overlaps, overlap
from bioloom.measure import blocks as module
from bioloom.measure import runs
from bioloom.measure.runs import STEPS


def assert_equal(one, other):
    for name, values in vars(one).items():
        np.testing.assert_array_equal(values, getattr(other, name), name)


def without_border(table):
    return replace(table, border=np.zeros_like(table.border))


def test_the_table_is_that_of_scikit_image(truth, labels):
    table = overlap(truth, labels)
    expected = contingency_table(truth, labels, sparse_type="array").toarray()
    np.testing.assert_array_equal(coo_array((table.voxels, (table.truth, table.labels))).toarray(), expected)
    assert table.voxels.min() > 0
    assert table.voxels.sum() == truth.size


def test_the_iou_is_that_of_a_loop(truth, labels, reference):
    rows, columns, matrix = reference
    pairs = candidates(overlap(truth, labels))
    np.testing.assert_array_equal(pairs.truth, rows)
    np.testing.assert_array_equal(pairs.labels, columns)
    dense = coo_array((pairs.iou, (pairs.row, pairs.column)), shape=matrix.shape).toarray()
    np.testing.assert_allclose(dense, matrix, rtol=1e-12)


def test_the_picture_of_the_docstring():
    table = overlap(np.array([[0, 1, 1, 1, 0]]), np.array([[0, 0, 5, 5, 5]]))
    rows = list(zip(table.truth.tolist(), table.labels.tolist(), table.voxels.tolist(), strict=True))
    assert rows == [(0, 0, 1), (0, 5, 1), (1, 0, 1), (1, 5, 2)]
    np.testing.assert_array_equal(candidates(table).iou, [0.5])


@pytest.mark.parametrize("axis", [0, 1])
def test_blocks_add_up_to_the_whole(truth, labels, axis):
    cuts = [3, 7, 15]
    parts = zip(np.split(truth, cuts, axis), np.split(labels, cuts, axis), strict=True)
    merged = merge_overlaps([overlap(a, b) for a, b in parts])
    assert_equal(without_border(merged), without_border(overlap(truth, labels)))


class Store:
    """A volume that remembers how large the boxes were that it was asked for."""

    def __init__(self, labels):
        self.labels = labels
        self.spatial = labels.shape
        self.sizes = []

    def read(self, box):
        self.sizes.append(box.size)
        return self.labels[box.slices][None]


def touching(table):
    """The true ids that some block saw on the border."""
    return np.unique(table.truth[table.border])


@pytest.mark.parametrize("side", [3, 7, 16, 1000])
def test_reading_by_blocks_does_not_show(truth, labels, prediction, monkeypatch, side):
    channels = Channels(prediction, ("foreground", "distance"))
    whole = overlap(truth, labels, channels)
    monkeypatch.setattr(module, "BLOCK_VOXELS", side**truth.ndim)
    cut = overlap(truth, labels, channels)
    assert_equal(without_border(cut), without_border(whole))
    np.testing.assert_array_equal(touching(cut), touching(whole))


def test_sums_are_those_of_the_clipped_channel(truth, labels, prediction):
    table = overlap(truth, labels, Channels(prediction, ("auto",)))
    clipped = np.clip(prediction.values[1].astype(float), 0, 1)
    assert (prediction.values < 0).any()
    assert (prediction.values > 1).any()
    for true, found, total in zip(table.truth, table.labels, table.sums[:, 0] / STEPS, strict=True):
        inside = (truth == true) & (labels == found)
        assert total == pytest.approx(clipped[inside].sum(), abs=inside.sum() / STEPS)


@pytest.mark.parametrize("piece", [1, 7, 100])
def test_summing_piece_by_piece_does_not_show(truth, labels, prediction, monkeypatch, piece):
    channels = Channels(prediction, ("auto",))
    whole = overlap(truth, labels, channels)
    monkeypatch.setattr(runs, "PIECE", piece)
    assert_equal(overlap(truth, labels, channels), whole)


def test_the_border_is_that_of_the_image(truth, labels):
    on_faces = np.ones(truth.shape, bool)
    on_faces[(slice(1, -1),) * truth.ndim] = False
    found = touching(overlap(truth, labels))
    np.testing.assert_array_equal(found, np.unique(truth[on_faces]))
    assert len(found) < len(np.unique(truth))


def test_an_axis_of_length_1_has_no_border():
    truth = np.zeros((1, 5, 5), int)
    truth[0, 2, 2], truth[0, 0, 1] = 1, 2
    np.testing.assert_array_equal(touching(overlap(truth, truth)), [0, 2])


def test_a_prediction_of_another_shape_is_refused(truth, labels, prediction, open_prediction):
    other = Channels(open_prediction(prediction.values[:, 1:]), ("auto",))
    with pytest.raises(BioLoomError, match=r"the truth has shape .* the prediction behind the labels"):
        overlap(truth, labels, other)


def test_volumes_are_read_block_by_block(truth, labels, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_VOXELS", 10**truth.ndim)
    store = Store(labels)
    assert_equal(overlap(truth, VolumeLabels(store)), overlap(truth, labels))
    assert sum(store.sizes) == labels.size
    assert max(store.sizes) == 10**truth.ndim


def test_zarr_arrays_will_do(truth, labels):
    stored = zarr.array(labels, chunks=(8,) * labels.ndim)
    assert_equal(overlap(truth, stored), overlap(truth, labels))


def test_ids_above_32_bits_stay_apart():
    truth = np.array([[2**40, 2**40 + 2**32, 2**40 + 2**32]], np.uint64)
    labels = np.array([[2**33, 2**33, 2**34]], np.int64)
    table = overlap(truth, labels)
    np.testing.assert_array_equal(table.truth, [2**40, 2**40 + 2**32, 2**40 + 2**32])
    np.testing.assert_array_equal(table.labels, [2**33, 2**33, 2**34])
    np.testing.assert_allclose(candidates(table).iou, [1 / 2, 1 / 3, 1 / 2])


@pytest.mark.parametrize("shape", [(0, 4), (3, 0), (3, 4)])
def test_no_objects(shape):
    pairs = candidates(overlap(np.zeros(shape, int), np.zeros(shape, int)))
    assert len(pairs.truth) == len(pairs.labels) == len(pairs.iou) == 0


def test_different_shapes_are_refused(truth, labels):
    with pytest.raises(BioLoomError, match=r"the truth has shape .* allowed: two label images of the same"):
        overlap(truth, labels[1:])


def test_images_are_no_labels(truth):
    with pytest.raises(BioLoomError, match="labels hold values of type float64"):
        overlap(truth, truth.astype(float))
