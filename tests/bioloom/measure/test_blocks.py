import numpy as np
import pytest

from bioloom.geometry.box import Box
from bioloom.measure import blocks as module
from bioloom.measure.blocks import blocks, merged, slabs


def test_blocks_cover_every_voxel_once(labels, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_VOXELS", 7**labels.ndim)
    count = np.zeros(labels.shape, int)
    for box in blocks(labels.shape):
        assert box.size <= 7**labels.ndim
        count[box.slices] += 1
    assert (count == 1).all()


def test_the_usual_blocks_are_whole_chunks():
    assert next(blocks((1000, 1000, 1000))).shape == (128, 128, 128)
    assert next(blocks((9000, 9000))).shape == (1280, 1280)


def test_nothing_has_no_blocks():
    assert list(blocks((0, 5))) == []


def test_slabs_cover_a_block_once(labels, monkeypatch):
    monkeypatch.setattr(module, "SLAB_VOXELS", 5 * labels[0].size)
    box = Box((3,) * labels.ndim, tuple(3 + n for n in labels.shape))
    found = list(slabs(box))
    assert [slab.shape[0] for slab in found[:-1]] == [5] * (len(found) - 1)
    assert len(found) > 1
    assert found[0].start == box.start
    assert [slab.stop[0] for slab in found[:-1]] == [slab.start[0] for slab in found[1:]]
    assert found[-1].stop == box.stop


def test_a_large_layer_is_a_slab_and_so_is_nothing():
    assert [slab.shape for slab in slabs(Box.of((2, 2**11, 2**11)))] == [(1, 2**11, 2**11)] * 2
    assert list(slabs(Box.of((0, 5)))) == [Box.of((0, 5))]


@pytest.mark.parametrize("rows", [0, 1, 900])
def test_parts_are_merged_on_the_way(rows):
    held = []

    def merge(parts):
        held.append(len(parts))
        return sum(parts, start=())

    parts = [(number,) * rows for number in range(200)]
    assert merged(iter(parts), merge, len) == sum(parts, start=())
    assert len(held) > 1
    assert max(held) <= max(33, 200 * rows // 1000 + 1)
