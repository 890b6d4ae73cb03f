import numpy as np
import pandas as pd
import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.measure import blocks, volume
from bioloom.measure.objects import measure_objects
from bioloom.measure.volume import measure_volume


class Store:
    """What `measure_volume` uses of a volume: an array in memory that remembers what was read of it."""

    def __init__(self, values, spacing, **facts):
        self.values = values
        self.facts = facts
        self.spatial = values.shape[1:]
        self.channels = len(values)
        self.spacing = spacing
        self.largest = 0

    def read(self, box):
        assert Box.of(self.spatial).contains(box)
        self.largest = max(self.largest, box.size)
        return self.values[:, *box.slices]


@pytest.mark.parametrize(("side", "margin"), [(6, 1), (11, 2), (1000, 32)])
def test_truth_is_that_of_the_whole(labels, image, spacing, monkeypatch, side, margin):
    monkeypatch.setattr(blocks, "BLOCK_VOXELS", side**labels.ndim)
    monkeypatch.setattr(volume, "FIRST_MARGIN", margin)
    options = {"image_id": "test_a", "distances": True}
    table = measure_volume(Store(labels[None], spacing), Store(image, spacing), ("a", "b"), **options)
    whole = measure_objects(labels, image, spacing, ("a", "b"), **options)
    pd.testing.assert_frame_equal(table, whole, rtol=1e-6)


@pytest.mark.parametrize(
    ("side", "slab"), [(3, 1), (5, 100), (8, 2**20), (13, 300), (1000, 200), (1000, 2**20)]
)
@pytest.mark.parametrize("flat", [False, True])
def test_details_are_those_of_the_whole_bit_for_bit(labels, image, spacing, monkeypatch, side, slab, flat):
    """Spreads of intensities aside, which may differ by rounding; slabs of a block do not show either."""
    if flat:  # a block may be as thin as the image
        labels, image = labels[:1], image[:, :1]
    whole = measure_objects(labels, image, spacing, ("a", "b"), image_id="test_a", details=True)
    monkeypatch.setattr(blocks, "BLOCK_VOXELS", side**labels.ndim)
    monkeypatch.setattr(blocks, "SLAB_VOXELS", slab)
    table = measure_volume(
        Store(labels[None], spacing), Store(image, spacing), ("a", "b"), image_id="test_a", details=True
    )
    spreads = [column for column in table if "std" in column]
    assert len(spreads) == 2
    pd.testing.assert_frame_equal(table[spreads], whole[spreads], rtol=1e-12)
    pd.testing.assert_frame_equal(table.drop(columns=spreads), whole.drop(columns=spreads), check_exact=True)


def test_details_look_one_layer_before_a_block(labels, image, spacing, monkeypatch, ndim):
    monkeypatch.setattr(blocks, "BLOCK_VOXELS", 8**ndim)
    stores = Store(labels[None], spacing), Store(image, spacing)
    measure_volume(*stores, image_id="a", details=True)
    assert [store.largest for store in stores] == [9**ndim, 8**ndim]
    stores = Store(labels[None], spacing), Store(image, spacing)
    measure_volume(*stores, image_id="a")
    assert [store.largest for store in stores] == [8**ndim, 8**ndim]


@pytest.mark.parametrize("shape", [(40, 40), (12, 20, 20)])
def test_one_object_everywhere_is_measured_like_the_whole(shape, monkeypatch):
    labels, spacing = np.full(shape, 5, np.uint16), (1.0,) * len(shape)
    monkeypatch.setattr(blocks, "BLOCK_VOXELS", 5 ** len(shape))
    monkeypatch.setattr(volume, "FIRST_MARGIN", 2)
    table = measure_volume(Store(labels[None], spacing), None, image_id="a", distances=True)
    pd.testing.assert_frame_equal(
        table, measure_objects(labels, None, spacing, image_id="a", distances=True), rtol=1e-6
    )


def test_small_objects_are_measured_in_small_pieces(monkeypatch):
    labels = np.zeros((1, 200, 200), np.uint8)
    labels[0, 50:60, 50:60] = 1
    monkeypatch.setattr(blocks, "BLOCK_VOXELS", 20**2)
    monkeypatch.setattr(volume, "FIRST_MARGIN", 8)
    store = Store(labels, (1.0, 1.0))
    measure_volume(store, None, image_id="a", distances=True)
    assert store.largest == (20 + 2 * 8) ** 2


@pytest.mark.parametrize("options", [{"distances": True}, {"details": True}], ids=["truth", "details"])
@pytest.mark.parametrize("shape", [(30, 30), (5, 6, 7)])
def test_no_objects_give_the_same_columns(shape, options):
    labels, image, spacing = np.zeros(shape, np.uint32), np.zeros((2, *shape)), (1.0,) * len(shape)
    table = measure_volume(Store(labels[None], spacing), Store(image, spacing), image_id="a", **options)
    whole = measure_objects(labels, image, spacing, image_id="a", **options)
    pd.testing.assert_frame_equal(table, whole)


def test_an_image_of_another_shape_is_refused(labels, spacing):
    with pytest.raises(BioLoomError, match=r"an image of spatial shape .* \(test_a\)"):
        measure_volume(Store(labels[None], spacing), Store(labels[None, 1:], spacing), image_id="test_a")


@pytest.mark.parametrize("options", [{"distances": True}, {"details": True}], ids=["truth", "details"])
@pytest.mark.parametrize(
    "wrong", [np.array([[[0.5, 1.0]]]), np.array([[[0, -1]]])], ids=["float", "negative"]
)
def test_labels_that_are_no_ids_are_refused_by_name(wrong, options):
    with pytest.raises(BioLoomError, match="the labels of test_a hold"):
        measure_volume(Store(wrong, (1.0, 1.0)), None, image_id="test_a", **options)


@pytest.mark.parametrize("options", [{"distances": True}, {"details": True}], ids=["truth", "details"])
def test_a_voxel_size_of_zero_is_refused(labels, options):
    with pytest.raises(BioLoomError, match="voxel size"):
        measure_volume(Store(labels[None], (0.0,) * labels.ndim), None, image_id="a", **options)


def test_the_largest_ids_of_a_label_store(ndim):
    labels = np.zeros((6,) * ndim, np.uint32)
    labels[(slice(1, 3),) * ndim] = 2**32 - 1
    labels[(slice(3, 5),) * ndim] = 2**32 - 2
    table = measure_volume(Store(labels[None], (1.0,) * ndim), None, image_id="a", details=True)
    assert table["label"].tolist() == [2**32 - 2, 2**32 - 1]
    assert table["neighbours"].tolist() == [1, 1]


@pytest.mark.parametrize(("low", "high"), [(0, 0.6), (0.4, 1), (0.2, 0.8)])
def test_how_far_cut_objects_reach_is_not_known(labels, spacing, low, high):
    """A region along the last axis; of the others it says what the whole file says."""
    side = labels.shape[-1]
    start, stop = round(low * side), round(high * side)
    labels[..., -1, 4:-4] = 777  # reaches over every border
    region = {"axis": "x", "start": start, "stop": stop, "of": side}
    part = labels[..., start:stop]
    options = {"image_id": "a", "distances": True}
    found = measure_volume(Store(part[None], spacing, region=region), None, **options)
    expected = measure_objects(part, None, spacing, **options)
    reaching = set()
    if start > 0:
        reaching |= set(np.unique(part[..., 0]).tolist())
    if stop < side:
        reaching |= set(np.unique(part[..., -1]).tolist())
    known = ~found["label"].isin(reaching)
    assert known.any()
    assert not known.all()
    assert found["distance_max_um"].isna().tolist() == (~known).tolist()
    columns = expected.columns.drop("distance_max_um")
    pd.testing.assert_frame_equal(found[columns], expected[columns])
    whole = measure_objects(labels, None, spacing, **options).set_index("label")["distance_max_um"]
    outside = np.concatenate([labels[..., :start].ravel(), labels[..., stop:].ravel()])
    in_pieces = found["label"].isin(np.unique(outside))  # some lie elsewhere, without reaching the cut
    own = found[known & ~in_pieces].set_index("label")["distance_max_um"]
    pd.testing.assert_series_equal(own, whole[own.index], rtol=1e-6)
