import json
import os
import subprocess
import sys

import numpy as np
import pytest
import yaozarrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.volumes.pyramid import write_pyramid
from bioloom.volumes.store import create_volume, open_volume

SHAPES = [(1, 300, 270), (2, 40, 70, 90)]
KINDS = [
    ("image", "uint8"),
    ("image", "int16"),
    ("image", "float32"),
    ("labels", "uint32"),
    ("prediction", "float32"),
]


def filled(path, shape, dtype="uint16", kind="image", **more):
    ndim = len(shape) - 1
    spacing = (2.0, 0.5, 0.25)[-ndim:]
    volume = create_volume(path, shape, dtype, spacing=spacing, kind=kind, **more)
    values = np.random.default_rng(0).integers(1, 100, shape).astype(dtype)
    volume.write(Box.of(volume.spatial), values)
    return volume, values


def chunk_files(path, level="0"):
    return sorted(
        (os.path.join(root, name) for root, _, names in os.walk(path / level / "c") for name in names),
        key=os.path.getsize,
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("kind", "dtype"), KINDS)
def test_round_trip_and_metadata(tmp_path, shape, kind, dtype):
    shape = (1, *shape[1:]) if kind == "labels" else shape
    _, values = filled(tmp_path / "a.zarr", shape, dtype, kind, facts={"x": [1, 2]})
    volume = open_volume(tmp_path / "a.zarr")
    np.testing.assert_array_equal(volume.read(), values)
    assert volume.shape == shape
    assert volume.spatial == shape[1:]
    assert (volume.channels, volume.ndim, volume.dtype) == (shape[0], len(shape) - 1, np.dtype(dtype))
    assert volume.spacing == (2.0, 0.5, 0.25)[-volume.ndim :]
    assert volume.facts == {"x": [1, 2]}
    assert volume.labels == (kind == "labels")
    assert volume.channel_names == (
        () if kind == "labels" else tuple(f"channel-{i}" for i in range(shape[0]))
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("kind", "dtype"), KINDS)
def test_stores_are_valid_ome_zarr(tmp_path, shape, kind, dtype):
    shape = (1, *shape[1:]) if kind == "labels" else shape
    volume, _ = filled(tmp_path / "a.zarr", shape, dtype, kind)
    write_pyramid(volume)
    yaozarrs.validate_zarr_store(str(tmp_path / "a.zarr"))
    group = yaozarrs.validate_ome_object(
        json.loads((tmp_path / "a.zarr" / "zarr.json").read_text())["attributes"]["ome"]
    )
    multiscale = group.multiscales[0]
    assert [axis.name for axis in multiscale.axes] == ["c", *"zyx"[-volume.ndim :]]
    assert {axis.unit for axis in multiscale.axes[1:]} == {"micrometer"}
    assert multiscale.datasets[0].coordinateTransformations[0].scale == [1.0, *volume.spacing]
    assert (type(group).__name__ == "LabelImage") == (kind == "labels")
    assert not (tmp_path / "a.zarr" / "0" / "zarr.json").read_text().count("consolidated")


@pytest.mark.parametrize("shape", SHAPES)
def test_boxes_and_channels_are_read(tmp_path, shape):
    volume, values = filled(tmp_path / "a.zarr", shape)
    box = Box((5,) * volume.ndim, (37, 30, 20)[: volume.ndim])
    np.testing.assert_array_equal(volume.read(box), values[(slice(None), *box.slices)])
    np.testing.assert_array_equal(volume.read(box, slice(0, 1)), values[(slice(0, 1), *box.slices)])
    assert volume.read(Box((3,) * volume.ndim, (3,) * volume.ndim)).shape == (shape[0], *(0,) * volume.ndim)
    with pytest.raises(ValueError, match="sticks out"):
        volume.read(Box.of(volume.spatial).grow(1))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    return [
        filled(folder / f"{i}.zarr", shape) for i, shape in enumerate([(1, 7, 5), (2, 1, 4, 3), (1, 1, 9)])
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_reflection_is_that_of_numpy(small, data):
    volume, values = small[data.draw(st.integers(0, 2))]
    start = tuple(data.draw(st.integers(-20, n + 10)) for n in volume.spatial)
    stop = tuple(a + data.draw(st.integers(0, 25)) for a in start)
    margins = [(60, 60)] * volume.ndim
    padded = np.pad(values, [(0, 0), *margins], mode="reflect")
    expected = padded[(slice(None), *(slice(a + 60, b + 60) for a, b in zip(start, stop, strict=True)))]
    np.testing.assert_array_equal(volume.read_reflected(Box(start, stop)), expected)


@pytest.mark.parametrize("shape", [(1, 2100, 2100), (1, 260, 40, 300)])
def test_writers_own_whole_blocks(tmp_path, shape):
    volume = create_volume(
        tmp_path / "a.zarr", shape, "uint32", spacing=(1.0,) * (len(shape) - 1), kind="labels"
    )
    block = volume.block_shape()
    first = Box((0,) * volume.ndim, block).clip(Box.of(volume.spatial))
    volume.write(first, np.ones((1, *first.shape), np.uint32))
    last = Box((block[0], *(0,) * (volume.ndim - 1)), volume.spatial)
    volume.write(last, np.full((1, *last.shape), 2, np.uint8))
    values = volume.read()
    assert (values[0][: block[0], : first.stop[1]] == 1).all() or volume.ndim == 3
    assert (values[0][block[0] :] == 2).all()
    for wrong in (last.shift((1, *(0,) * (volume.ndim - 1))), last.shift((-1, *(0,) * (volume.ndim - 1)))):
        with pytest.raises(ValueError, match="cuts the blocks"):
            volume.write(wrong, np.zeros((1, *wrong.shape), np.uint32))


def test_values_must_fit(tmp_path):
    volume = create_volume(tmp_path / "a.zarr", (1, 8, 8), "uint32", spacing=(1, 1), kind="labels")
    with pytest.raises(ValueError, match="shape"):
        volume.write(Box.of((8, 8)), np.zeros((8, 8), np.uint32))
    with pytest.raises(ValueError, match="may not fit"):
        volume.write(Box.of((8, 8)), np.zeros((1, 8, 8), np.int64))
    floats = create_volume(tmp_path / "b.zarr", (1, 8, 8), "float32", spacing=(1, 1), kind="prediction")
    floats.write(Box.of((8, 8)), np.full((1, 8, 8), 0.5))
    assert (floats.read() == 0.5).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"shape": (8, 8)},
        {"shape": (1, 0, 8)},
        {"spacing": (1.0,)},
        {"spacing": (1.0, 0.0)},
        {"dtype": "bool"},
        {"channel_names": ("a", "b")},
    ],
)
def test_impossible_stores(tmp_path, wrong):
    options = {"shape": (1, 8, 8), "dtype": "uint8", "spacing": (1.0, 1.0), "kind": "image"} | wrong
    with pytest.raises(ValueError, match="no store has"):
        create_volume(tmp_path / "a.zarr", **options)


def test_overwriting(tmp_path):
    filled(tmp_path / "a.zarr", (1, 300, 300))
    with pytest.raises(FileExistsError):
        create_volume(tmp_path / "a.zarr", (1, 8, 8), "uint8", spacing=(1, 1), kind="image", overwrite=False)
    filled(tmp_path / "a.zarr", (1, 8, 8))
    assert len(chunk_files(tmp_path / "a.zarr")) == 1


@pytest.mark.parametrize(("kind", "dtype"), KINDS)
@pytest.mark.parametrize("damage", ["truncated", "empty", "flipped"])
def test_damage_is_noticed(tmp_path, kind, dtype, damage):
    path = tmp_path / "a.zarr"
    filled(path, (1, 300, 300), dtype, kind)
    file = chunk_files(path)[-1]
    with open(file, "r+b") as stream:
        content = bytearray(stream.read())
        content[len(content) // 3] ^= 16
        stream.seek(0)
        stream.write(content if damage == "flipped" else content[: len(content) // 2])
        if damage != "flipped":
            stream.truncate(len(content) // 2 if damage == "truncated" else 0)
    with pytest.raises(BioLoomError, match=r"a\.zarr is damaged"):
        open_volume(path).read()


def test_the_same_contents_have_the_same_digest_whatever_the_name(tmp_path):
    one, _ = filled(tmp_path / "a.zarr", (1, 300, 300))
    two, _ = filled(tmp_path / "b.zarr", (1, 300, 300))
    assert one.entry().digest == two.entry().digest
    assert one.entry("x").image == "x"
    assert one.entry().image == "a"
    assert (one.entry().shape, one.entry().dtype) == ((1, 300, 300), "uint16")


def test_processes_fill_blocks_of_one_store_together(tmp_path):
    create_volume(tmp_path / "a.zarr", (1, 2100, 2100), "uint32", spacing=(1, 1), kind="labels")
    code = (
        "import sys, numpy as np\n"
        "from bioloom.volumes.store import open_volume\n"
        "from bioloom.geometry.grid import tiles\n"
        "volume = open_volume(sys.argv[1])\n"
        "for i, box in enumerate(tiles(volume.spatial, volume.block_shape())):\n"
        "    if i % 2 == int(sys.argv[2]):\n"
        "        volume.write(box, np.full((1, *box.shape), i + 1, np.uint32))\n"
    )
    jobs = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "a.zarr"), str(i)]) for i in (0, 1)]
    assert [job.wait() for job in jobs] == [0, 0]
    values = open_volume(tmp_path / "a.zarr").read()[0]
    assert np.unique(values).tolist() == [1, 2, 3, 4]
    assert (values[:2048, :2048] == 1).all()
    assert (values[2048:, 2048:] == 4).all()
