import bz2
import gzip
import json
import lzma
import zlib
from itertools import product
from struct import pack

import numpy as np
import pytest
from numcodecs import blosc, lz4, zstd

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.volumes.formats import read_foreign

VALUES = np.random.default_rng(0).integers(0, 60000, (2, 5, 9, 10), np.uint16)


def lz4_frames(data):
    """Return the frames of lz4-java: one compressed, one as it is, and the end mark."""
    half = len(data) // 2
    parts = [
        (0x20, lz4.compress(data[:half])[4:], half),
        (0x10, data[half:], len(data) - half),
        (0x10, b"", 0),
    ]
    return b"".join(pack("<8sBiii", b"LZ4Block", kind, len(p), size, 0) + p for kind, p, size in parts)


ENCODERS = {
    "raw": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lz4": lz4_frames,
    "blosc": lambda data: blosc.compress(data, b"lz4", 5),
    "zstd": lambda data: zstd.compress(data, 1),
}


def write_array(folder, values, block, encode=bytes, compression=None, padded=False, **attributes):
    """Write `values` (axes in our order) as the specification says, with blocks whose side is `block`."""
    folder.mkdir(parents=True)
    about = {
        "dimensions": values.shape[::-1],
        "blockSize": [block] * values.ndim,
        "dataType": str(values.dtype),
        "compression": compression or {"type": "raw"},
        **attributes,
    }
    (folder / "attributes.json").write_text(json.dumps(about))
    for position in product(*(range(-(-side // block)) for side in values.shape)):
        part = values[tuple(slice(at * block, (at + 1) * block) for at in position)]
        if padded:
            part = np.pad(part, [(0, block - side) for side in part.shape])
        file = folder.joinpath(*map(str, position[::-1]))
        file.parent.mkdir(parents=True, exist_ok=True)
        header = pack(f">HH{part.ndim}I", 0, part.ndim, *part.shape[::-1])
        file.write_bytes(header + encode(part.astype(part.dtype.newbyteorder(">")).tobytes()))
    return folder


@pytest.mark.parametrize("values", [VALUES[0, 0], VALUES[0], VALUES], ids=["2D", "3D", "channels"])
@pytest.mark.parametrize("kind", ENCODERS)
def test_blocks_of_every_compression(tmp_path, values, kind):
    write_array(tmp_path / "a.n5", values, 4, ENCODERS[kind], {"type": kind})
    found = read_foreign(tmp_path / "a.n5")
    expected = values.reshape(-1, *values.shape[-found.ndim :])
    np.testing.assert_array_equal(found.read(), expected)
    for box in (Box((3,) * found.ndim, (5,) * found.ndim), Box((0,) * found.ndim, found.spatial)):
        np.testing.assert_array_equal(found.read(box), expected[(slice(None), *box.slices)])


@pytest.mark.parametrize("dtype", ["uint8", "int32", "uint64", "float32", "float64"])
def test_types_zlib_and_padded_blocks(tmp_path, dtype):
    values = VALUES[0].astype(dtype)
    write_array(tmp_path / "a.n5", values, 4, zlib.compress, {"type": "gzip", "useZlib": True}, padded=True)
    np.testing.assert_array_equal(read_foreign(tmp_path / "a.n5").read()[0], values)


def test_blocks_that_say_how_many_values_they_hold(tmp_path):
    folder = write_array(tmp_path / "a.n5", VALUES[0, 0], 10)
    content = (folder / "0" / "0").read_bytes()
    (folder / "0" / "0").write_bytes(pack(">HHIII", 1, 2, 10, 9, 90) + content[12:])
    np.testing.assert_array_equal(read_foreign(folder).read()[0], VALUES[0, 0])


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"resolution": [0.25, 0.5, 2.0], "units": ["um"] * 3}, (2.0, 0.5, 0.25)),
        ({"resolution": [250, 500, 2000], "units": ["nm"] * 3}, (2.0, 0.5, 0.25)),
        ({"pixelResolution": {"dimensions": [0.25, 0.5, 2.0], "unit": "um"}}, (2.0, 0.5, 0.25)),
        ({"pixelResolution": [0.25, 0.5, 2.0]}, (2.0, 0.5, 0.25)),
        ({"resolution": [1, 1, 1], "units": ["parsec"] * 3}, None),
        ({}, None),
    ],
)
def test_voxel_size_of_the_array_or_its_group(tmp_path, attributes, expected):
    write_array(tmp_path / "a.n5" / "c0" / "s0", VALUES[0], 8, **attributes)
    assert read_foreign(tmp_path / "a.n5").spacing == expected
    write_array(tmp_path / "b.n5" / "c0" / "s0", VALUES[0], 8)
    (tmp_path / "b.n5" / "attributes.json").write_text(json.dumps(attributes))
    assert read_foreign(tmp_path / "b.n5" / "c0" / "s0").spacing == expected


def test_axes_by_name(tmp_path):
    write_array(tmp_path / "a.n5", VALUES[:, 0], 4, axes=["x", "y", "t"])
    found = read_foreign(tmp_path / "a.n5")
    assert (found.axes, found.times) == ("TYX", 2)
    np.testing.assert_array_equal(found.at(1).read()[0], VALUES[1, 0])
    assert read_foreign(tmp_path / "a.n5", "ZYX").spatial == (2, 9, 10)


def test_which_array(tmp_path):
    store = tmp_path / "a.n5"
    write_array(store / "raw" / "s0", VALUES[0], 8)
    write_array(store / "raw" / "s1", VALUES[0, ::2, ::2, ::2], 8)
    assert read_foreign(store).spatial == (5, 9, 10)
    assert read_foreign(store / "raw" / "s1").spatial == (3, 5, 5)
    write_array(store / "label", VALUES[1], 8)
    with pytest.raises(BioLoomError, match=r"several arrays: label, raw/s0; .*example .*a\.n5/label"):
        read_foreign(store)
    with pytest.raises(BioLoomError, match=r"holds no 'labels'; allowed: label, raw/s0; .*mean 'label'"):
        read_foreign(store / "labels")
    (tmp_path / "b.n5").mkdir()
    with pytest.raises(BioLoomError, match="no array of two axes"):
        read_foreign(tmp_path / "b.n5")


def test_missing_blocks_are_zero(tmp_path):
    folder = write_array(tmp_path / "a.n5", VALUES[0, 0] + 1, 4)
    (folder / "1" / "2").unlink()
    expected = VALUES[0, 0] + 1
    expected[8:, 4:8] = 0
    np.testing.assert_array_equal(read_foreign(folder).read()[0], expected)


@pytest.mark.parametrize("content", [b"", b"nonsense", bytes([0, 2, 0, 2]), None])
@pytest.mark.parametrize("kind", ENCODERS)
def test_a_damaged_block_is_named(tmp_path, kind, content):
    folder = write_array(tmp_path / "a.n5", VALUES[0, 0], 4, ENCODERS[kind], {"type": kind})
    file = folder / "1" / "0"
    file.write_bytes(file.read_bytes()[:-9] if content is None else content)
    found = read_foreign(folder)
    assert found.read(Box((0, 0), (4, 4))).any()
    with pytest.raises(BioLoomError, match=rf"a\.n5 cannot be read: it is truncated or damaged \({file}"):
        found.read()


def test_a_block_that_is_too_small(tmp_path):
    folder = write_array(tmp_path / "a.n5", VALUES[0, 0], 4)
    (folder / "0" / "0").write_bytes(pack(">HHII", 0, 2, 2, 2) + bytes(8))
    with pytest.raises(BioLoomError, match="holds a block of 2 voxels, 4 are needed"):
        read_foreign(folder).read()


def test_what_is_not_known(tmp_path):
    folder = write_array(tmp_path / "a.n5", VALUES[0, 0], 4, compression={"type": "jpeg"})
    with pytest.raises(
        BioLoomError, match=r"compressed by 'jpeg', which is not known here; allowed: raw, gzip"
    ):
        read_foreign(folder)
    folder = write_array(tmp_path / "b.n5", VALUES[0, 0], 4)
    about = json.loads((folder / "attributes.json").read_text())
    (folder / "attributes.json").write_text(json.dumps(about | {"dataType": "object"}))
    with pytest.raises(BioLoomError, match="values of type object"):
        read_foreign(folder)
    (folder / "attributes.json").write_text("{")
    with pytest.raises(BioLoomError, match="cannot be read"):
        read_foreign(folder)
