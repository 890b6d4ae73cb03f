from pathlib import Path

import numpy as np
import pytest

from bioloom.geometry.grid import tiles
from bioloom.preprocess import slabs
from bioloom.preprocess.slabs import scan, slab_shape
from bioloom.volumes.formats.foreign import Foreign


def foreign(values, axes):
    return Foreign(Path("a"), values, axes)


def test_small_images_are_one_slab():
    assert slab_shape(foreign(np.zeros((300, 400), np.uint8), "YX"), (256, 256)) == (300, 400)


@pytest.mark.parametrize(
    ("shape", "block", "expected"),
    [
        ((5000, 1400, 700), (64, 64, 64), (64, 128, 700)),
        ((5000, 200, 200), (64, 64, 64), (192, 200, 200)),
        ((100000, 25000), (256, 256), (256, 25000)),
        ((50, 100000, 100000), (50, 64, 64), (50, 64, 2560)),
    ],
)
def test_large_images_are_read_in_whole_blocks(shape, block, expected):
    image = foreign(np.broadcast_to(np.uint16(0), shape), "ZYX"[-len(shape) :])
    found = slab_shape(image, block)
    assert found == expected
    assert np.prod(found, dtype=np.int64) * 4 <= slabs.SLAB_BYTES
    assert all(side % b == 0 or side == n for side, b, n in zip(found, block, shape, strict=True))


def test_more_channels_make_smaller_slabs():
    image = foreign(np.broadcast_to(np.uint8(0), (10, 1000, 1000, 1000)), "CZYX")
    assert slab_shape(image, (64, 64, 64)) == (64, 64, 384)


@pytest.mark.parametrize("shape", [(70, 90), (20, 70, 90)])
def test_a_scan_in_parts_sees_everything(shape, monkeypatch):
    monkeypatch.setattr(slabs, "SLAB_BYTES", 1000)
    monkeypatch.setattr(slabs, "CHUNK_SIDE", {2: 16, 3: 8})
    values = np.random.default_rng(0).choice([0, 3, 9, 2**40, 77], shape)
    image = foreign(values, "ZYX"[-len(shape) :])
    assert len(list(tiles(shape, slab_shape(image, (8,) * len(shape))))) > 3
    found = scan(image, objects=True)
    assert found.range == (0, 2**40)
    assert found.objects == 4
    assert scan(image).objects == 0
    assert scan(foreign(np.full((5, 5), -7), "YX"), objects=True).range == (-7, -7)


def test_a_scan_counts_the_voxels_of_every_id(monkeypatch):
    monkeypatch.setattr(slabs, "SLAB_BYTES", 1000)
    monkeypatch.setattr(slabs, "CHUNK_SIDE", {2: 16, 3: 8})
    values = np.random.default_rng(0).choice([0, 3, 9], (40, 50))
    found = scan(foreign(values, "YX"), objects=True)
    ids, voxels = np.unique(values, return_counts=True)
    np.testing.assert_array_equal(found.ids, ids)
    np.testing.assert_array_equal(found.voxels, voxels)
