import numpy as np
import pytest

from bioloom.geometry.box import Box
from bioloom.volumes.layout import (
    aligned_block,
    block_of,
    chunk_shape,
    compressors,
    create_level,
    empty_shards,
    shard_shape,
)


@pytest.mark.parametrize(
    ("shape", "chunk", "shard"),
    [
        ((1, 5000, 5000), (1, 256, 256), (1, 2048, 2048)),
        ((2, 100, 5000), (1, 100, 256), (2, 100, 2048)),
        ((3, 300, 5000), (1, 256, 256), (3, 512, 2048)),
        ((5, 5000, 5000), (1, 256, 256), (1, 2048, 2048)),
        ((1, 300, 300, 300), (1, 64, 64, 64), (1, 256, 256, 256)),
        ((3, 300, 300, 300), (1, 64, 64, 64), (1, 256, 256, 256)),
        ((3, 20, 300, 100), (1, 20, 64, 64), (3, 20, 256, 128)),
    ],
)
def test_chunks_and_shards(shape, chunk, shard):
    assert chunk_shape(shape) == chunk
    assert shard_shape(shape) == shard
    assert all(s % c == 0 for s, c in zip(shard, chunk, strict=True))


@pytest.mark.parametrize(
    ("block", "aligned", "shard"),
    [
        ((64, 64), (256, 256), (256, 256)),
        ((300, 2048), (512, 2048), (512, 2048)),
        ((2304, 5000), (4096, 6144), (2048, 2048)),
        ((1, 65, 257), (64, 128, 512), (64, 128, 256)),
    ],
)
def test_a_block_owns_whole_shards(block, aligned, shard):
    assert aligned_block(block) == aligned
    shape = (1, *(5000 for _ in block))
    assert shard_shape(shape, aligned) == (1, *shard)
    assert all(a % s == 0 for a, s in zip(aligned, shard, strict=True))


@pytest.mark.parametrize("shape", [(2, 600, 300), (1, 70, 80, 90)])
@pytest.mark.parametrize("sharded", [True, False])
def test_a_level(tmp_path, shape, sharded):
    array = create_level(tmp_path, "0", shape, np.dtype("uint16"), sharded=sharded)
    assert array.shape == shape
    assert block_of(array) == (shard_shape(shape) if sharded else chunk_shape(shape))
    assert array.metadata.dimension_names == (("c", "z", "y", "x") if len(shape) == 4 else ("c", "y", "x"))
    assert not array[:].any()


def test_checksums_are_on():
    assert compressors(np.dtype("uint8"))[0].checksum
    names = [type(codec).__name__ for codec in compressors(np.dtype("float32"))]
    assert names == ["BloscCodec", "Crc32cCodec"]


def test_empty_shards_are_found_where_a_box_touches_them(tmp_path):
    array = create_level(tmp_path, "0", (2, 5000, 5000), np.dtype("uint16"), sharded=True)
    array[:, :2048, :2048] = 1
    array[:, 2048:4096, 2048:4096] = 1
    file = tmp_path / "0" / "c" / "0" / "1" / "1"
    file.write_bytes(b"")
    assert empty_shards(array, tmp_path / "0", Box((0, 0), (2048, 2048))) == []
    assert empty_shards(array, tmp_path / "0", Box((2047, 2047), (2049, 2049))) == [file]
    assert empty_shards(array, tmp_path / "0", Box((4095, 0), (5000, 2049))) == [file]
    plain = create_level(tmp_path, "1", (1, 9, 9), np.dtype("uint16"), sharded=False)
    assert empty_shards(plain, tmp_path / "1", Box.of((9, 9))) == []
