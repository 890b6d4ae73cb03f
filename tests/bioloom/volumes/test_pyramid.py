import json

import numpy as np
import pytest
from skimage.measure import block_reduce

from bioloom.geometry.box import Box
from bioloom.geometry.grid import tiles
from bioloom.volumes import pyramid
from bioloom.volumes.pyramid import downsample, level_factors, write_pyramid
from bioloom.volumes.store import create_volume, open_volume


def write(volume, values):
    for box in tiles(volume.spatial, volume.block_shape()):
        volume.write(box, values[(slice(None), *box.slices)])


@pytest.mark.parametrize("shape", [(2, 12, 18), (2, 6, 8, 10)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.uint32, np.float32])
def test_means_are_those_of_scikit_image(shape, dtype):
    values = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
    step = (2,) * (len(shape) - 1)
    expected = block_reduce(values.astype(np.float64), (1, *step), np.mean)
    expected = expected if dtype == np.float32 else np.rint(expected)
    found = downsample(values, step, labels=False)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected.astype(dtype))


def test_an_odd_end_is_the_mean_of_what_is_there():
    values = np.arange(15, dtype=np.float32).reshape(1, 3, 5)
    found = downsample(values, (2, 2), labels=False)
    assert found.shape == (1, 2, 3)
    assert found[0, 0, 2] == values[0, :2, 4].mean()
    assert found[0, 1, 2] == values[0, 2, 4]
    assert downsample(values, (1, 2), labels=False).shape == (1, 3, 3)


def test_extreme_integers_do_not_overflow():
    values = np.full((1, 4, 4), np.iinfo(np.uint32).max, np.uint32)
    assert (downsample(values, (2, 2), labels=False) == np.iinfo(np.uint32).max).all()


def test_labels_are_sampled():
    values = np.random.default_rng(0).integers(0, 9, (1, 7, 8, 9)).astype(np.uint32)
    np.testing.assert_array_equal(downsample(values, (2, 1, 2), labels=True), values[:, ::2, :, ::2])


def test_levels_follow_the_voxel_size():
    assert level_factors((256, 256), (1, 1)) == []
    assert level_factors((257, 100), (1, 1)) == [(2, 2)]
    assert level_factors((1024, 1024), (0.5, 0.5)) == [(2, 2), (2, 2)]
    assert level_factors((100, 2048, 2048), (2.0, 0.5, 0.5)) == [(1, 2, 2), (1, 2, 2), (2, 2, 2)]
    assert level_factors((10, 1024, 1024), (1, 1, 1)) == [(1, 2, 2), (1, 2, 2)]
    assert level_factors((1000, 20, 20), (5, 1, 1)) == [(2, 1, 1), (2, 1, 1)]


@pytest.mark.parametrize("kind", ["image", "labels", "prediction"])
@pytest.mark.parametrize("shape", [(2, 700, 530), (2, 20, 300, 301)])
def test_a_pyramid_on_disk(tmp_path, shape, kind, monkeypatch):
    # Small pieces: a block of the coarser level is put together from several.
    monkeypatch.setattr(pyramid, "PIECE_SIDE", {2: 100, 3: 50})
    shape = (1, *shape[1:]) if kind == "labels" else shape
    dtype = np.float32 if kind == "prediction" else np.uint16
    spacing = (2.0, 0.5, 0.5)[-(len(shape) - 1) :]
    values = np.random.default_rng(0).integers(0, 60000, shape).astype(dtype)
    volume = create_volume(tmp_path / "a.zarr", shape, dtype, spacing=spacing, kind=kind, facts={"a": 1})
    write(volume, values)
    write_pyramid(volume)
    factors = level_factors(shape[1:], spacing)
    assert factors
    for level, step in enumerate(factors, start=1):
        values = downsample(values, step, labels=kind == "labels")
        spacing = tuple(s * f for s, f in zip(spacing, step, strict=True))
        found = open_volume(tmp_path / "a.zarr", level)
        assert found.spacing == spacing
        assert found.facts == {"a": 1}
        np.testing.assert_array_equal(found.read(), values)
    assert max(values.shape[1:]) <= 256


def test_coarse_voxels_lie_between_those_they_stand_for(tmp_path):
    volume = create_volume(tmp_path / "a.zarr", (1, 600, 600), "uint8", spacing=(0.5, 0.5), kind="image")
    write_pyramid(volume)
    datasets = json.loads((tmp_path / "a.zarr" / "zarr.json").read_text())["attributes"]["ome"][
        "multiscales"
    ][0]
    found = [d["coordinateTransformations"] for d in datasets["datasets"]]
    assert found[0] == [{"type": "scale", "scale": [1.0, 0.5, 0.5]}]
    assert found[2][0]["scale"] == [1.0, 2.0, 2.0]
    # The mean position of voxels 0, 1, 2, 3 is 1.5 voxels of 0.5 micrometres.
    assert found[2][1]["translation"] == [0.0, 0.75, 0.75]


def test_writing_again_replaces_the_levels(tmp_path):
    volume = create_volume(tmp_path / "a.zarr", (1, 600, 600), "uint8", spacing=(1, 1), kind="image")
    write_pyramid(volume)
    write(volume, np.full((1, 600, 600), 7, np.uint8))
    (tmp_path / "a.zarr" / "5").mkdir()
    write_pyramid(open_volume(tmp_path / "a.zarr"))
    assert sorted(path.name for path in (tmp_path / "a.zarr").iterdir()) == ["0", "1", "2", "zarr.json"]
    assert (open_volume(tmp_path / "a.zarr", 2).read() == 7).all()


def test_reading_stays_within_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(pyramid, "PIECE_SIDE", {2: 128, 3: 64})
    volume = create_volume(tmp_path / "a.zarr", (2, 1500, 900), "float32", spacing=(1, 1), kind="prediction")
    sizes = []
    real = type(volume).read
    monkeypatch.setattr(
        type(volume), "read", lambda self, box, span: sizes.append(box.size) or real(self, box, span)
    )
    write_pyramid(volume)
    assert max(sizes) <= 256 * 256
    assert Box.of((1500, 900)).size > max(sizes)
