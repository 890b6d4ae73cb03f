import numpy as np

from bioloom.measure import blocks as module
from bioloom.measure.blocks import blocks


def test_blocks_cover_every_voxel_once(labels, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_VOXELS", 7**labels.ndim)
    count = np.zeros(labels.shape, int)
    for box in blocks(labels.shape):
        assert box.size <= 7**labels.ndim
        count[box.slices] += 1
    assert (count == 1).all()


def test_the_usual_blocks_are_256_a_side_in_3d():
    assert next(blocks((1000, 1000, 1000))).shape == (256, 256, 256)
    assert next(blocks((9000, 9000))).shape == (4096, 4096)


def test_nothing_has_no_blocks():
    assert list(blocks((0, 5))) == []
