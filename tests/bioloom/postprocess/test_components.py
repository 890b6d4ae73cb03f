import numpy as np
import pytest
from scipy import ndimage

from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.components import NEIGHBOURS, Union, describe, label_components
from bioloom.postprocess.workspace import MemoryArrays

CASES = [
    ((17, 13), [(17, 13), (5, 4), (1, 1), (3, 13), (16, 12)]),
    ((7, 8, 9), [(7, 8, 9), (3, 4, 2), (1, 2, 9), (6, 7, 8)]),
]


def ids_of(layout, partials, connectivity):
    union = Union(layout, connectivity, partials.__getitem__)
    for _ in partials:
        union.add()
    return union.ids()


def united(mask, tile, connectivity):
    layout, partials = Layout.cut(mask.shape, tile, halo=0), []
    for block in layout.blocks:
        labels, count = label_components(mask[block.core.slices], connectivity)
        found = describe(labels, count, block.core, layout.image)
        partials.append(MemoryArrays({"labels": labels, **found}))
    ids, offsets = ids_of(layout, partials, connectivity)
    result = np.zeros(mask.shape, np.int64)
    for block, partial, offset in zip(layout.blocks, partials, offsets[:-1], strict=True):
        lookup = np.concatenate([[0], ids[offset:]])
        result[block.core.slices] = lookup[partial.read("labels")]
    return result


@pytest.mark.parametrize("shape", [(1, 5), (3, 1), (3, 3), (5, 3), (2, 5), (1, 1, 3), (5, 1, 1), (3, 3, 3)])
def test_small_and_thin_arrays_are_labelled_as_scipy_does(shape, canonical):
    rng = np.random.default_rng(0)
    for _ in range(20):
        mask = rng.random(shape) < 0.6
        for connectivity in range(1, mask.ndim + 1):
            structure = ndimage.generate_binary_structure(mask.ndim, connectivity)
            labels, count = label_components(mask, connectivity)
            np.testing.assert_array_equal(canonical(labels), canonical(ndimage.label(mask, structure)[0]))
            assert count == labels.max()


@pytest.mark.parametrize(("shape", "tiles"), CASES)
def test_components_over_blocks_are_those_of_the_whole(shape, tiles, canonical):
    for density in (0.0, 0.15, 0.3, 0.5, 1.0):
        mask = np.random.default_rng(int(100 * density)).random(shape) < density
        for connectivity in range(1, mask.ndim + 1):
            structure = ndimage.generate_binary_structure(mask.ndim, connectivity)
            expected = canonical(ndimage.label(mask, structure)[0])
            for tile in tiles:
                np.testing.assert_array_equal(united(mask, tile, connectivity), expected)


def test_blocks_of_different_sizes_meet():
    cores = [Box((0, 0), (5, 4)), Box((0, 4), (2, 9)), Box((2, 4), (5, 9))]
    layout = Layout((5, 9), zip("abc", cores, strict=True), halo=0)
    partials = []
    for block in layout.blocks:
        labels = np.ones(block.core.shape, np.uint16)
        partials.append(MemoryArrays(describe(labels, 1, block.core, layout.image)))
    assert ids_of(layout, partials, 1)[0].tolist() == [1, 1, 1]


def test_neighbour_counts_are_those_of_scipy():
    for (ndim, connectivity), count in NEIGHBOURS.items():
        assert ndimage.generate_binary_structure(ndim, connectivity).sum() - 1 == count


@pytest.mark.parametrize("step", [(1, 1), (1, -1), (1, 1, 1), (1, -1, 1), (0, 1, -1), (1, 0, -1)])
def test_a_diagonal_contact_across_a_corner_or_edge_joins(step):
    mask = np.zeros((4,) * len(step), bool)
    here = tuple(1 if s >= 0 else 2 for s in step)
    mask[here] = mask[tuple(h + s for h, s in zip(here, step, strict=True))] = True
    contact = sum(map(abs, step))
    for connectivity in range(1, len(step) + 1):
        expected = 1 if connectivity >= contact else 2
        assert united(mask, (2,) * len(step), connectivity).max() == expected
