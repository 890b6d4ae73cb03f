import numpy as np
import pytest

from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.labels import describe_labels, first_voxels, number_objects
from bioloom.postprocess.workspace import MemoryArrays


@pytest.mark.parametrize(("shape", "tile"), [((12, 11), (5, 4)), ((6, 7, 8), (4, 3, 8))])
def test_objects_are_numbered_and_counted_as_in_the_whole_image(shape, tile, canonical):
    labels = np.random.default_rng(3).integers(0, 30, shape).astype(np.uint32) * 17
    layout = Layout.cut(shape, tile, halo=0)
    partials = [
        MemoryArrays({**describe_labels(labels[b.core.slices], b.core, layout.image), "redone": np.array(1)})
        for b in layout.blocks
    ]
    table = number_objects(partials, ())
    expected = canonical(labels)
    np.testing.assert_array_equal(table["lookup"][labels], expected)
    np.testing.assert_array_equal(table["voxels"], np.bincount(expected.ravel())[1:])
    assert table["redone"] == len(layout.blocks)

    filters = (lambda voxels: voxels >= 4, lambda voxels: voxels % 2 == 0)
    filtered = number_objects(partials, filters)
    size = np.bincount(labels.ravel())
    keep = (size[labels] >= 4) & (size[labels] % 2 == 0) & (labels > 0)
    np.testing.assert_array_equal(filtered["lookup"][labels], canonical(np.where(keep, labels, 0)))


def test_an_empty_image_has_an_empty_table():
    layout = Layout.cut((3, 4), (3, 2), halo=0)
    blank = np.zeros((3, 2), np.uint32)
    partials = [
        MemoryArrays({**describe_labels(blank, b.core, layout.image), "redone": np.array(0)})
        for b in layout.blocks
    ]
    table = number_objects(partials, ())
    assert table["lookup"].tolist() == [0]
    assert table["voxels"].size == 0


def test_first_voxels_are_raster_indices_of_the_image():
    layout = Layout.cut((4, 6), (2, 3), halo=0)
    labels = np.array([[0, 2, 0], [1, 2, 1]])
    assert first_voxels(labels, 2, layout.blocks[3].core, layout.image).tolist() == [21, 16]
