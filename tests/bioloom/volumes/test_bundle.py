import hashlib
import time
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bioloom.errors import BioLoomError
from bioloom.volumes.bundle import open_bundle, read_bundle, write_bundle

DTYPES = ["bool", "uint8", "int32", "uint64", "float32", "float64"]
ARRAYS = {
    "sums": np.random.default_rng(0).integers(-9999, 9999, (3, 60, 50, 40)).astype(np.int32),
    "map": np.random.default_rng(1).random((700, 900)).astype(np.float32),
    "empty": np.zeros((0, 4), np.uint32),
    "flag": np.array([True, False]),
    "scalar": np.array(7, np.int64),
}
FACTS = {"box": [[0, 0], [3, 4]], "name": "µ", "none": None}


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "chunks" / "0.zarr.zip"
    write_bundle(path, ARRAYS, FACTS)
    return path


def test_round_trip(bundle):
    arrays, facts = read_bundle(bundle)
    assert facts == FACTS
    assert sorted(arrays) == sorted(ARRAYS)
    for name, values in ARRAYS.items():
        assert arrays[name].dtype == values.dtype
        np.testing.assert_array_equal(arrays[name], values)
    assert [path.name for path in bundle.parent.iterdir()] == [bundle.name]


@settings(max_examples=30, deadline=None)
@given(data=st.data(), dtype=st.sampled_from(DTYPES))
def test_any_array_comes_back_bit_by_bit(tmp_path_factory, data, dtype):
    shape = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
    values = data.draw(hnp.arrays(dtype, shape))
    path = tmp_path_factory.mktemp("bundle") / "a.zarr.zip"
    write_bundle(path, {"a": values}, {})
    found = read_bundle(path)[0]["a"]
    assert found.shape == values.shape
    assert found.tobytes() == values.tobytes()


def test_parts_are_read(bundle):
    with open_bundle(bundle) as opened:
        assert opened.names == ("empty", "flag", "map", "scalar", "sums")
        part = opened.read("sums", (slice(1, 2), slice(5, 9), slice(None), slice(39, 40)))
        np.testing.assert_array_equal(part, ARRAYS["sums"][1:2, 5:9, :, 39:40])
        with pytest.raises(KeyError, match="holds empty, flag"):
            opened.read("nothing")


def test_bytes_depend_on_the_contents_only(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(2e9))
    again = tmp_path / "other.zarr.zip"
    write_bundle(again, dict(reversed(ARRAYS.items())), FACTS)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(bundle.read_bytes()).digest()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.99])
def test_truncation_is_noticed(bundle, share):
    content = bundle.read_bytes()
    bundle.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(BioLoomError, match="truncated or damaged"):
        read_bundle(bundle)


def test_every_flipped_array_byte_is_noticed(bundle):
    content = bundle.read_bytes()
    with zipfile.ZipFile(bundle) as archive:
        members = [info for info in archive.infolist() if info.filename != "zarr.json" and info.file_size]
    assert len(members) > 5
    for info in members:
        start = info.header_offset + 30 + len(info.filename)
        broken = bytearray(content)
        broken[start + info.file_size // 2] ^= 4
        bundle.write_bytes(broken)
        with pytest.raises(BioLoomError, match="truncated or damaged"):
            read_bundle(bundle)


def test_missing_and_foreign_files(tmp_path):
    with pytest.raises(BioLoomError, match="no bundle"):
        open_bundle(tmp_path / "a.zarr.zip")
    with zipfile.ZipFile(tmp_path / "a.zarr.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(BioLoomError, match="damaged"):
        open_bundle(tmp_path / "a.zarr.zip")


@pytest.mark.parametrize("name", ["../a", "a/b", "", ".hidden"])
def test_names_stay_in_the_file(tmp_path, name):
    with pytest.raises(ValueError, match="no bundle holds"):
        write_bundle(tmp_path / "a.zarr.zip", {name: np.zeros(2)}, {})


def test_objects_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no bundle holds"):
        write_bundle(tmp_path / "a.zarr.zip", {"a": np.array([{}], object)}, {})
    assert not list(tmp_path.iterdir())
