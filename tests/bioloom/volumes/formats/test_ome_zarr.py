import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import zarr
from numcodecs import Blosc
from zarr.codecs import BloscCodec

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.preprocess.checks import spacing_of
from bioloom.volumes.formats import read_foreign
from bioloom.volumes.store import create_volume

WRITTEN = Path(__file__).parents[3] / "data" / "formats"
Z, Y, X = np.indices((4, 12, 10))
RAW = np.stack([100 * Z + 10 * Y + X, 1000 + Z + Y + X]).astype(np.uint16)
NUCLEI = ((Y // 4 * 3 + X // 4 + 1) * (Z > 0)).astype(np.uint32)
PLANES = np.random.default_rng(0).integers(0, 999, (9, 10), np.uint16)


@pytest.fixture(params=[2, 3], ids=["v2", "v3"])
def version(request):
    return request.param


def multiscales(axes, scale, unit=None, **more):
    spatial = {"unit": unit} if unit else {}
    kinds = {"t": "time", "c": "channel"}
    return [
        {
            "axes": [
                {"name": a, "type": kinds.get(a, "space"), **(spatial if a in "zyx" else {})} for a in axes
            ],
            "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}],
            **more,
        }
    ]


def ome(version, **attributes):
    return {"ome": {"version": "0.5", **attributes}} if version == 3 else attributes


def written(path, values, version, **attributes):
    group = zarr.create_group(str(path), zarr_format=version, attributes=ome(version, **attributes))
    group.create_array("0", data=values, chunks=(4,) * values.ndim)
    return path


@pytest.mark.parametrize("name", ["ome-zarr-0.4", "ome-zarr-0.5", "ngff-zarr-0.4", "ngff-zarr-0.5"])
def test_what_other_programs_wrote(name):
    found = read_foreign(WRITTEN / f"{name}.zarr")
    assert found.axes == "CZYX"
    assert found.spacing == (2.0, 0.5, 0.25)
    np.testing.assert_array_equal(found.read(), RAW)
    box = Box((1, 3, 2), (3, 9, 10))
    np.testing.assert_array_equal(found.read(box), RAW[:, 1:3, 3:9, 2:10])
    if name.startswith("ome"):
        assert found.channel_names == ("DAPI", "GFP")
        labels = read_foreign(WRITTEN / f"{name}.zarr/labels/nuclei", labels=True)
        np.testing.assert_array_equal(labels.read(), NUCLEI[None])
        assert labels.spacing == (2.0, 0.5, 0.25)


@pytest.mark.parametrize("shape", [(2, 30, 40), (2, 20, 30, 40)], ids=["2D", "3D"])
def test_our_own_stores(tmp_path, shape):
    values = np.random.default_rng(0).random(shape, np.float32)
    spacing = (2.0, 0.5, 0.25)[-len(shape) + 1 :]
    volume = create_volume(
        tmp_path / "a.zarr", shape, "float32", spacing=spacing, kind="prediction", channel_names=("a", "b")
    )
    volume.write(Box.of(volume.spatial), values)
    found = read_foreign(tmp_path / "a.zarr")
    assert (found.spacing, found.channel_names) == (spacing, ("a", "b"))
    np.testing.assert_array_equal(found.read(), values)
    assert read_foreign(tmp_path / "a.zarr/0").spacing == spacing


def test_time_points_and_axes_of_length_one(tmp_path, version):
    values = np.random.default_rng(0).integers(0, 99, (3, 1, 1, 9, 10), np.uint8)
    path = written(tmp_path / "a.zarr", values, version, multiscales=multiscales("tczyx", [1.0] * 5))
    found = read_foreign(path)
    assert (found.axes, found.times, found.spacing) == ("TYX", 3, None)
    np.testing.assert_array_equal(found.at(2).read(), values[2, 0])
    assert read_foreign(path, "TZYX").spatial == (1, 9, 10)
    assert read_foreign(path, "TCZYX").channels == 1


@pytest.mark.parametrize(
    ("unit", "scale", "more", "expected"),
    [
        ("micrometer", [0.5, 0.25], None, (0.5, 0.25)),
        ("nanometer", [500, 250], None, (0.5, 0.25)),
        ("millimeter", [0.5, 0.25], [0.001, 0.001], (0.5, 0.25)),
        (None, [0.5, 0.25], None, (0.5, 0.25)),
        (None, [1, 1], None, None),
        ("micrometer", [1, 1], None, (1.0, 1.0)),
        ("parsec", [0.5, 0.25], None, None),
    ],
)
def test_voxel_size(tmp_path, version, unit, scale, more, expected):
    extra = {"coordinateTransformations": [{"type": "scale", "scale": more}]} if more else {}
    images = multiscales("yx", scale, unit, **extra)
    found = read_foreign(written(tmp_path / "a.zarr", PLANES, version, multiscales=images))
    assert found.spacing == (expected and pytest.approx(expected))


def test_a_voxel_size_of_zero_is_refused_when_it_counts(tmp_path):
    path = written(tmp_path / "a.zarr", PLANES, 2, multiscales=multiscales("yx", [0.0, -1.0], "micrometer"))
    with pytest.raises(BioLoomError, match=r"a\.zarr has the voxel size 0 x -1; allowed: positive"):
        spacing_of(read_foreign(path), None)
    assert spacing_of(read_foreign(path), (0.5, 0.5)) == ((0.5, 0.5), True)


@pytest.mark.parametrize(("axes", "expected"), [(["c", "y", "x"], "CYX"), (None, "YX")])
def test_versions_without_units(tmp_path, axes, expected):
    values = PLANES[None].repeat(2, 0) if axes else PLANES[None, None, None]
    images = [{"datasets": [{"path": "0"}], **({"axes": axes} if axes else {})}]
    found = read_foreign(written(tmp_path / "a.zarr", values, 2, multiscales=images))
    assert (found.axes, found.spacing) == (expected, None)
    np.testing.assert_array_equal(found.read()[0], PLANES)


def test_plain_arrays(tmp_path, version):
    zarr.create_array(str(tmp_path / "a.zarr"), data=PLANES, zarr_format=version)
    np.testing.assert_array_equal(read_foreign(tmp_path / "a.zarr").read()[0], PLANES)
    group = zarr.create_group(str(tmp_path / "b.zarr"), zarr_format=version)
    names = {"dimension_names": ("y", "x", "channel")} if version == 3 else {}
    array = group.create_array("deep/raw", data=np.stack([PLANES, PLANES + 1], -1), **names)
    if version == 2:
        array.attrs["_ARRAY_DIMENSIONS"] = ["y", "x", "channel"]
    found = read_foreign(tmp_path / "b.zarr")
    assert found.axes == "YXC"
    np.testing.assert_array_equal(found.read(), [PLANES, PLANES + 1])
    group.create_array("label", data=PLANES)
    with pytest.raises(
        BioLoomError, match=r"2 images: deep/raw, label; allowed: .*example .*b\.zarr/deep/raw"
    ):
        read_foreign(tmp_path / "b.zarr")
    assert read_foreign(tmp_path / "b.zarr/deep").axes == "YXC"
    with pytest.raises(BioLoomError, match=r"holds no 'labels'; allowed: deep/raw, label; .*mean 'label'"):
        read_foreign(tmp_path / "b.zarr/labels")


def test_folders_that_are_no_store(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    with pytest.raises(BioLoomError, match=r"a\.zarr is no Zarr store"):
        read_foreign(tmp_path / "a.zarr")
    zarr.create_group(str(tmp_path / "b.zarr"))
    with pytest.raises(BioLoomError, match=r"b\.zarr holds no image"):
        read_foreign(tmp_path / "b.zarr")


def test_missing_chunks_hold_the_fill_value(tmp_path, version):
    array = zarr.create_array(
        str(tmp_path / "a.zarr"), shape=(8, 8), dtype="u2", chunks=(4, 4), fill_value=7, zarr_format=version
    )
    array[:4] = 1
    expected = np.repeat([1, 7], 4)[:, None].repeat(8, 1)
    np.testing.assert_array_equal(read_foreign(tmp_path / "a.zarr").read()[0], expected)


@pytest.mark.parametrize("content", [b"", b"nonsense", None], ids=["empty", "other", "cut"])
@pytest.mark.parametrize("sharded", [False, True])
def test_a_damaged_chunk_is_named(tmp_path, version, sharded, content):
    shards = {"shards": (8, 8)} if sharded and version == 3 else {}
    path = tmp_path / "a.zarr"
    array = zarr.create_array(
        str(path), shape=(16, 16), dtype="u2", chunks=(4, 4), zarr_format=version, **shards
    )
    array[:] = np.random.default_rng(0).integers(0, 60000, (16, 16), np.uint16)
    file = path / {2: "1.1", 3: "c/1/1"}[version]
    file.write_bytes(file.read_bytes()[:-5] if content is None else content)
    found = read_foreign(path)
    assert found.read(Box((0, 0), (4, 4))).any()
    with pytest.raises(BioLoomError, match=f"a.zarr cannot be read: it is truncated or damaged .*{file}"):
        found.read()


@pytest.mark.parametrize("missing", [1, 100])
def test_a_chunk_of_blosc_that_is_cut(tmp_path, version, missing):
    path = tmp_path / "a.zarr"
    codec = Blosc() if version == 2 else BloscCodec()
    values = np.random.default_rng(0).integers(0, 60000, (64, 64), np.uint16)
    zarr.create_array(str(path), data=values, chunks=(32, 64), compressors=codec, zarr_format=version)
    np.testing.assert_array_equal(read_foreign(path).read()[0], values)
    file = path / {2: "1.0", 3: "c/1/0"}[version]
    file.write_bytes(file.read_bytes()[:-missing])
    with pytest.raises(BioLoomError, match=f"cannot be read: .*{file}: .* announced"):
        read_foreign(path).read()


def test_damaged_metadata(tmp_path):
    path = written(tmp_path / "a.zarr", PLANES, 3, multiscales=[{"axes": [{"name": "y"}, {"name": "x"}]}])
    with pytest.raises(BioLoomError, match=r"a\.zarr cannot be read"):
        read_foreign(path)
    (path / "zarr.json").write_text("{")
    with pytest.raises(BioLoomError, match=r"a\.zarr cannot be read"):
        read_foreign(path)


def test_an_unknown_codec(tmp_path, version):
    path = tmp_path / "a.zarr"
    zarr.create_array(str(path), data=PLANES, zarr_format=version)
    file = path / {2: ".zarray", 3: "zarr.json"}[version]
    found = json.loads(file.read_text())
    if version == 2:
        found["compressor"] = {"id": "mystery"}
    else:
        found["codecs"][1] = {"name": "mystery"}
    file.write_text(json.dumps(found))
    with pytest.raises(BioLoomError, match=r"compressed in a way that is not known here .*mystery.*allowed"):
        read_foreign(path)


@pytest.mark.parametrize("place", ["compressor", "filters"])
def test_nothing_is_unpickled(tmp_path, place):
    path = tmp_path / "a.zarr"
    zarr.create_array(str(path), data=PLANES, zarr_format=2, chunks=PLANES.shape)
    found = json.loads((path / ".zarray").read_text())
    codec = {"id": "pickle", "protocol": 4}
    found |= {"compressor": None, "filters": None} | {place: codec if place == "compressor" else [codec]}
    (path / ".zarray").write_text(json.dumps(found))
    mark = tmp_path / "ran"
    payload = b"cos\nmkdir\n(V" + str(mark).encode() + b"\ntR."
    (path / "0.0").write_bytes(payload)
    with pytest.raises(BioLoomError):
        read_foreign(path).read()
    assert not mark.exists()
    pickle.loads(payload)
    assert mark.exists()


def test_a_store_whose_arrays_are_gone(tmp_path):
    path = written(tmp_path / "a.zarr", PLANES, 3, multiscales=multiscales("yx", [1, 1]))
    shutil.rmtree(path / "0")
    with pytest.raises(BioLoomError, match=r"a\.zarr"):
        read_foreign(path)
