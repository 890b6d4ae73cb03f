from itertools import product

import numpy as np
import pytest
from scipy import ndimage

from bioloom.measure import cells
from bioloom.measure.cells import count_cells, merge
from bioloom.measure.surface import cell_surface


def touching(labels):
    """All pairs of objects of which one grows over a voxel of the other."""
    pairs = set()
    for object_id in np.unique(labels)[1:]:
        grown = ndimage.binary_dilation(labels == object_id, np.ones((3,) * labels.ndim))
        pairs |= {tuple(sorted((object_id, other))) for other in np.unique(labels[grown])}
    return sorted(pair for pair in pairs if pair[0] and pair[0] != pair[1])


def test_pairs_are_the_objects_that_touch(labels, spacing):
    found = count_cells(np.pad(labels, 1), cell_surface(spacing))
    assert [tuple(pair) for pair in found.pairs] == touching(labels)
    assert len(found.pairs) > 0


def test_dense_labels_touch_in_all_ways(ndim, spacing):
    labels = np.random.default_rng(0).integers(0, 30, (8,) * ndim)
    found = count_cells(np.pad(labels, 1), cell_surface(spacing))
    assert [tuple(pair) for pair in found.pairs] == touching(labels)


@pytest.mark.parametrize("step", [step for n in (2, 3) for step in product((0, 1), repeat=n) if any(step)])
def test_faces_edges_and_corners_touch(step):
    labels = np.zeros((4,) * len(step), int)
    labels[(1,) * len(step)] = 7
    labels[tuple(1 + s for s in step)] = 3
    spacing = (1.0,) * len(step)
    assert count_cells(labels, cell_surface(spacing)).pairs.tolist() == [[3, 7]]


def test_objects_two_voxels_apart_do_not_touch():
    labels = np.array([[0, 0, 0, 0, 0], [0, 1, 0, 2, 0], [0, 0, 0, 0, 0]])
    assert len(count_cells(labels, cell_surface((1.0, 1.0))).pairs) == 0


def test_each_object_has_the_surface_that_it_has_alone(labels, spacing):
    surface = cell_surface(spacing)
    found = count_cells(np.pad(labels, 1), surface)
    np.testing.assert_array_equal(found.ids, np.unique(labels)[1:])
    for object_id, amount in zip(found.ids, found.surface, strict=True):
        alone = count_cells(np.pad(labels == object_id, 1).astype(np.uint8), surface)
        assert alone.surface.tolist() == [amount]


@pytest.mark.parametrize("side", [1, 3, 10])
def test_blocks_add_up_to_the_whole(labels, spacing, side):
    labels = labels[(slice(8 * side),) * labels.ndim]
    padded, surface = np.pad(labels, 1), cell_surface(spacing)
    whole = count_cells(padded, surface)
    assert len(whole.ids) > 0
    corners = list(product(*(range(0, n + 1, side) for n in labels.shape)))
    np.random.default_rng(0).shuffle(corners)
    parts = merge(
        [count_cells(padded[tuple(slice(at, at + side + 1) for at in c)], surface) for c in corners]
    )
    np.testing.assert_array_equal(parts.ids, whole.ids)
    np.testing.assert_array_equal(parts.surface, whole.surface)
    np.testing.assert_array_equal(parts.pairs, whole.pairs)


def test_cells_are_counted_in_portions(labels, spacing, monkeypatch):
    whole = count_cells(np.pad(labels, 1), cell_surface(spacing))
    monkeypatch.setattr(cells, "_CELLS_AT_ONCE", 100)
    parts = count_cells(np.pad(labels, 1), cell_surface(spacing))
    np.testing.assert_array_equal(parts.surface, whole.surface)
    np.testing.assert_array_equal(parts.pairs, whole.pairs)


@pytest.mark.parametrize("shape", [(4, 5), (1, 5), (3, 4, 5)])
def test_no_objects(shape):
    empty = count_cells(np.zeros(shape, np.uint8), cell_surface((1.0,) * len(shape)))
    both = merge([empty, empty])
    assert len(both.ids) == len(both.surface) == 0
    assert both.pairs.shape == (0, 2)


def test_large_ids_stay_apart():
    labels = np.array([[0, 0, 0, 0], [0, 2**32 - 1, 2**40, 0], [0, 0, 0, 0]], np.uint64)
    found = count_cells(labels, cell_surface((1.0, 1.0)))
    assert found.ids.tolist() == [2**32 - 1, 2**40]
    assert found.pairs.tolist() == [[2**32 - 1, 2**40]]
