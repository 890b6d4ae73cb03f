"""Files that are not just one image, from raw file to labels: time points, regions, volumes of planes."""

import shutil

import numpy as np
import pytest
import tifffile
import yaml
import zarr

from bioloom.volumes.formats import read_foreign
from bioloom.volumes.manifest import read_manifest
from bioloom.volumes.plans import read_chunks
from bioloom.volumes.samples import Sample, write_pack
from bioloom.volumes.store import open_volume

AFTER_PLAN = ("stitch", "postprocess", "evaluate", "report", "export")
RNG = np.random.default_rng(0)


def spots(*shape):
    """Return an image of bright squares on noise, and their labels."""
    labels = np.zeros(shape, np.uint16)
    tiles = np.indices(shape) // 16
    inside = np.all([axis % 16 < 9 for axis in np.indices(shape)[-2:]], axis=0)
    labels[inside] = (1 + tiles[-2] * 4 + tiles[-1])[inside]
    image = RNG.normal(50, 5, shape) + 150 * (labels > 0)
    return image.astype(np.uint8), labels


@pytest.fixture
def replaced(run, tmp_path):
    """Replace the files of the test pack of the run."""

    def replace(image, labels, axes, split="test"):
        options = {"ome": True, "photometric": "minisblack"}
        for name, values in (("image", image), ("labels", labels)):
            known = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5, "PhysicalSizeZ": 2.0}
            own = axes[-values.ndim :]
            tifffile.imwrite(tmp_path / f"{name}.ome.tif", values, metadata={"axes": own, **known}, **options)
        files = (tmp_path / "image.ome.tif", tmp_path / "labels.ome.tif")
        write_pack(run / "packs" / "test_d.csv", [Sample("test_d", split, *files)])
        for folder in ("chunks/test_d", "outputs", "predictions", "images", "labels"):
            for store in (run / folder).glob("test_d*"):
                shutil.rmtree(store) if store.is_dir() else store.unlink()

    return replace


@pytest.fixture
def finish(bioloom, run, line_of):
    """Run every step from the raw files to the report on the test pack."""

    def go(*steps):
        for name in steps or ("preprocess", "measure", "plan", "infer", *AFTER_PLAN):
            lines = [line_of(name)]
            if name == "infer":
                chunks = {row.chunk for row in read_chunks(run / "chunks" / "test_d.csv")}
                sums = run / "chunks" / "test_d"
                lines = [line_of(name, chunk=c, sums=sums / f"{c}.zarr.zip") for c in sorted(chunks)]
            for line in lines:
                done = bioloom(*line)
                assert done.code == 0, (name, done.err)

    return go


def test_every_time_point_of_a_file_becomes_an_output(run, replaced, finish):
    image, labels = spots(3, 64, 60)
    labels[1] = 0  # nothing to be found at one time
    replaced(image, labels, "TYX")
    options = run / "options" / "export.yaml"
    options.write_text("report: {export: [tiff, zarr]}")
    finish()
    names = [f"test_d_t000{time}" for time in range(3)]
    for folder in ("images", "labels", "predictions", "outputs"):
        entries = read_manifest(run / folder / "test_d.csv")
        assert [entry.image for entry in entries] == names
        assert {entry.shape[1:] for entry in entries} == {(64, 60)}
    outputs = np.stack([open_volume(run / "outputs" / f"{name}.zarr").read() for name in names])
    assert outputs.max() > 0
    metrics = (run / "metrics.csv").read_text()
    assert all(f"{name}," in metrics for name in names)
    assert "3 test" in (run / "report.html").read_text()

    copies = {entry.path.suffix: entry for entry in read_manifest(run / "exports" / "test_d.csv")}
    assert {entry.image for entry in copies.values()} == {"test_d"}
    np.testing.assert_array_equal(tifffile.imread(copies[".tif"].path), outputs[:, 0])
    assert read_foreign(copies[".tif"].path).axes == "TYX"
    np.testing.assert_array_equal(zarr.open_array(copies[".zarr"].path / "0", mode="r")[...], outputs)


def test_a_time_point_is_predicted_as_if_it_were_a_file(run, replaced, finish):
    image, labels = spots(2, 64, 60)
    replaced(image[1], labels[1], "YX")
    finish("preprocess", "plan", "infer", "stitch", "postprocess")
    alone = [open_volume(run / kind / "test_d.zarr").read() for kind in ("predictions", "outputs")]
    replaced(image, labels, "TYX")
    finish("preprocess", "plan", "infer", "stitch", "postprocess")
    for kind, expected in zip(("predictions", "outputs"), alone, strict=True):
        np.testing.assert_array_equal(open_volume(run / kind / "test_d_t0001.zarr").read(), expected)


def test_labels_without_time(refused, run, line_of, replaced, contents):
    image, labels = spots(3, 64, 60)
    replaced(image, labels[0], "TYX")
    before = contents(run)
    line = refused(*line_of("preprocess"))
    assert "labels.ome.tif hold one time point, the image" in line
    assert contents(run) == before


@pytest.mark.parametrize("depth", [5, 1])
def test_a_network_of_planes_predicts_volumes(run, replaced, finish, depth):
    """Each plane as if it were an image, but normalised with the volume; chunks do not show."""
    image, labels = spots(depth, 64, 60)
    replaced(image, labels, "ZYX")
    (run / "options" / "preprocess.yaml").write_text("data: {axes: ZYX}")
    finish()
    (entry,) = read_manifest(run / "predictions" / "test_d.csv")
    assert entry.shape[1:] == (depth, 64, 60)
    (output,) = read_manifest(run / "outputs" / "test_d.csv")
    assert open_volume(output.path).read().max() > 0
    objects = (run / "truth" / "test_d.csv").read_text()
    assert "volume_um3" in objects

    first, table = read_manifest(run / "predictions" / "test_d.csv"), run / "chunks" / "test_d.csv"
    assert len({row.chunk for row in read_chunks(table)}) == depth  # nine patches, as many as a plane has
    plan = run / "options" / "plan.yaml"
    options = yaml.safe_load(plan.read_text())
    options["infer"]["chunk"] = [1, 2]
    plan.write_text(yaml.safe_dump(options))
    finish("plan", "infer", "stitch")
    assert len({row.chunk for row in read_chunks(table)}) == 6 * depth
    assert read_manifest(run / "predictions" / "test_d.csv") == first


def test_a_network_of_volumes_refuses_planes(refused, run, line_of, replaced, bioloom):
    """The config asks for patches of volumes: the step that lays them says what is wrong."""
    replaced(*spots(64, 60), "YX")
    assert bioloom(*line_of("preprocess")).code == 0
    plan = run / "options" / "plan.yaml"
    sides = {
        "patch": {"size": [8, 32, 32], "overlap": [2, 8, 8]},
        "infer": {"patch_size": [8, 32, 32], "chunk": [1, 3, 3], "block": [64] * 3, "halo": [9] * 3},
    }
    plan.write_text(yaml.safe_dump(sides))
    line = refused(*line_of("plan"))
    assert "patches of 8 x 32 x 32 voxels, overlap 2 x 8 x 8, for an image of 64 x 60" in line
