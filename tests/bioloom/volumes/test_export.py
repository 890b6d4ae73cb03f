import numpy as np
import pytest
import tifffile
import yaozarrs
import zarr

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.volumes import export
from bioloom.volumes.export import export_pack, export_zarr
from bioloom.volumes.formats import read_foreign
from bioloom.volumes.manifest import read_manifest, write_manifest
from bioloom.volumes.pyramid import write_pyramid
from bioloom.volumes.store import create_volume, open_volume

SHAPES = {2: (300, 270), 3: (5, 70, 270)}


@pytest.fixture(params=[2, 3], ids=["2D", "3D"])
def ndim(request):
    return request.param


@pytest.fixture
def store(tmp_path, ndim):
    """Write a store of labels, or of a prediction of two channels, with its pyramid; returns its entry."""

    def write(image, values):
        kind = "labels" if values.dtype.kind == "u" else "prediction"
        names = () if kind == "labels" else ("foreground", "seeds")
        spacing = (2.0, 0.5, 0.25)[-ndim:]
        path = tmp_path / "outputs" / f"{image}.zarr"
        volume = create_volume(
            path, values.shape, values.dtype, spacing=spacing, kind=kind, channel_names=names
        )
        volume.write(Box.of(volume.spatial), values)
        write_pyramid(volume)
        return open_volume(path).entry(image)

    return write


def series(ndim, dtype, times=4):
    """Time points, one of them of zeros."""
    channels = 1 if dtype == np.uint32 else 2
    values = np.random.default_rng(0).integers(0, 9, (times, channels, *SHAPES[ndim])).astype(dtype)
    values[1] = 0
    return values


@pytest.mark.parametrize("dtype", [np.uint32, np.float32], ids=["labels", "prediction"])
def test_time_points_become_one_ome_zarr(tmp_path, ndim, store, dtype):
    values = series(ndim, dtype, times=3)
    volumes = [open_volume(store(f"test_a_t{t:04d}", v).path) for t, v in enumerate(values)]
    entry = export_zarr(volumes, "test_a", tmp_path / "exports" / "test_a.zarr")
    yaozarrs.validate_zarr_store(str(entry.path))
    assert (entry.image, entry.shape, entry.dtype) == ("test_a", values.shape, values.dtype.name)
    np.testing.assert_array_equal(zarr.open_array(str(entry.path / "0"), mode="r")[...], values)
    levels = sorted(path.name for path in volumes[0].path.iterdir() if path.is_dir())
    assert len(levels) > 1
    for level in levels:
        found = zarr.open_array(str(entry.path / level), mode="r")
        assert found.metadata.dimension_names == ("t", "c", *"zyx"[-ndim:])
        for time, volume in enumerate(volumes):
            np.testing.assert_array_equal(found[time], open_volume(volume.path, int(level)).read())
    multiscale = zarr.open_group(str(entry.path), mode="r").attrs["ome"]["multiscales"][0]
    assert multiscale["axes"][0] == {"name": "t", "type": "time"}
    scales = [d["coordinateTransformations"][0]["scale"] for d in multiscale["datasets"]]
    assert scales[0] == [1.0, 1.0, *volumes[0].spacing]
    assert [scale[:2] for scale in scales] == [[1.0, 1.0]] * len(levels)


@pytest.mark.parametrize("dtype", [np.uint32, np.float32], ids=["labels", "prediction"])
def test_time_points_become_one_tiff(tmp_path, ndim, store, dtype):
    values = series(ndim, dtype)
    entries = [store(f"test_a_t{t:04d}", v) for t, v in enumerate(values)]
    mixed = [*entries[2:], *entries[:2]]
    (entry,) = export_pack(mixed, tmp_path / "exports", ["tiff"])
    assert (entry.image, entry.path, entry.shape) == (
        "test_a",
        tmp_path / "exports" / "test_a.tif",
        values.shape,
    )
    with tifffile.TiffFile(entry.path) as file:
        assert file.is_ome
        assert file.series[0].axes == ("T" if dtype == np.uint32 else "TC") + "ZYX"[-ndim:]
        np.testing.assert_array_equal(file.asarray().reshape(values.shape), values)
    found = read_foreign(entry.path)
    assert (found.times, found.spacing) == (4, (2.0, 0.5, 0.25)[-ndim:])
    np.testing.assert_array_equal(found.at(3).read(), values[3])


def test_files_with_and_without_time(tmp_path, ndim, store):
    """One copy a file; what has no time axis is an OME-Zarr already."""
    values = series(ndim, np.uint32, times=2)
    entries = [store(name, values[0]) for name in ("test_b", "test_a_t0000", "test_a_t0001", "test_a-t0001")]
    (tmp_path / "exports").mkdir()
    written = export_pack(entries, tmp_path / "exports", ["tiff", "zarr"])
    assert [entry.path.name for entry in written] == [
        "test_b.tif",
        "test_a.tif",
        "test_a.zarr",
        "test_a-t0001.tif",
    ]
    write_manifest(tmp_path / "exports" / "p.csv", written)
    assert read_manifest(tmp_path / "exports" / "p.csv") == written
    assert tifffile.TiffFile(tmp_path / "exports" / "test_b.tif").series[0].axes == "ZYX"[-ndim:]


def test_time_points_that_differ(tmp_path, ndim, store):
    values = series(ndim, np.uint32, times=2)
    volumes = [
        open_volume(store("test_a_t0000", values[0]).path),
        open_volume(store("test_a_t0001", values[1][..., :-1]).path),
    ]
    with pytest.raises(BioLoomError, match=r"test_a_t0001\.zarr is .*time points of one shape and type"):
        export_zarr(volumes, "a", tmp_path / "a.zarr")
    with pytest.raises(BioLoomError, match="time points of one shape and type"):
        export_pack([volume.entry() for volume in volumes], tmp_path, ["tiff"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outputs"]


def test_a_copy_that_fails_leaves_the_earlier_one(tmp_path, ndim, store, monkeypatch):
    values = series(ndim, np.uint32, times=2)
    volumes = [open_volume(store(f"a_t{t:04d}", v).path) for t, v in enumerate(values)]
    before = export_zarr(volumes, "a", tmp_path / "a.zarr")

    def fail(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(export.shutil, "copytree", fail)
    with pytest.raises(KeyboardInterrupt):
        export_zarr(volumes, "a", tmp_path / "a.zarr")
    monkeypatch.undo()
    assert export_zarr(volumes, "a", tmp_path / "b.zarr").digest == before.digest
    np.testing.assert_array_equal(zarr.open_array(str(tmp_path / "a.zarr" / "0"), mode="r")[...], values)
