"""Files that are not just one image, as the workflow plans and runs them."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from bioloom.geometry.box import Box
from bioloom.settings import parse_config
from bioloom.tasks.recipe import pass_names
from bioloom.volumes.formats import read_foreign
from bioloom.volumes.manifest import read_manifest
from bioloom.volumes.plans import read_blocks
from bioloom.volumes.samples import read_pack
from bioloom.volumes.store import open_volume

pytestmark = pytest.mark.xdist_group("workflow")

TIMES = 2


@pytest.fixture
def film(tiny_run, picture, tmp_path):
    """Returns a function that adds a film to predict to a copy of the run."""

    def add(shape):
        frames = [
            tifffile.imread(picture(tmp_path / "frames", f"{time}", time, shape)) for time in range(TIMES)
        ]
        path = tmp_path / "film.ome.tif"
        tifffile.imwrite(path, np.stack(frames), ome=True, metadata={"axes": "TYX"})
        copy = tiny_run.copied(tmp_path / "launch")
        more = {"data": {"predict": {"images": [str(path)]}}, "report": {"export": ["tiff", "zarr"]}}
        return copy.with_changes(more)

    return add


def target(kind):
    return f"results/tiny/{kind}/predict_film.csv"


def test_the_time_points_of_a_small_file_are_one_job(film):
    run = film((64, 64))
    run.snakemake(target("blocks"))
    rows = read_blocks(run.results / "blocks" / "predict_film.csv")
    assert [row.image for row in rows] == ["predict_film_t0000", "predict_film_t0001"]
    planned = run.planned(target("outputs"))
    assert planned == {"infer": 1, "stitch": 1, "postprocess": 1}


def test_the_blocks_of_all_time_points_have_jobs_of_their_own(film):
    run = film((300, 40))
    run.snakemake(target("blocks"))
    rows = read_blocks(run.results / "blocks" / "predict_film.csv")
    assert [(row.block, row.core.shape) for row in rows] == [
        ("00000", (256, 40)),
        ("00001", (44, 40)),
        ("00002", (256, 40)),
        ("00003", (44, 40)),
    ]
    planned = run.planned(target("outputs"))
    passes = len(pass_names(parse_config(run.config)))
    assert planned["stitch_store"] == planned["stitch"] == planned["postprocess"] == 1
    assert planned["stitch_block"] == 4
    assert planned["postprocess_block"] == 4 * passes
    assert planned["postprocess_merge"] == passes


@pytest.mark.slow
def test_jobs_of_blocks_make_the_labels_of_one_job(film):
    """The second time point is looked at: were tables or stores mixed up, it would be the first one's."""
    run = film((300, 40))
    run.snakemake(target("exports"))
    many = read_manifest(run.results / "outputs" / "predict_film.csv")
    left = [run.results / name for name in ("passes", "stitched", "chunks/predict_film")]
    assert [path for folder in left for path in folder.rglob("*") if path.is_file()] == []
    whole = run.with_changes({"infer": {"block": [512, 512]}})
    whole.snakemake(target("outputs"))
    one = read_manifest(run.results / "outputs" / "predict_film.csv")
    stores = [open_volume(entry.path) for entry in one]
    assert [volume.block_shape() for volume in stores] == [(512, 40)] * TIMES
    films = read_foreign(run.results / "exports" / "predict_film.tif")
    assert films.times == TIMES
    for time, volume in enumerate(stores):
        labels = volume.read()
        assert labels.max() > 2
        assert np.intersect1d(labels[0, 255], labels[0, 256]).any()  # blocks had something to agree on
        np.testing.assert_array_equal(films.at(time).read(), labels)
    assert [entry.image for entry in many] == [entry.image for entry in one]


def test_the_only_training_image_is_two_packs(project, tmp_path):
    train = {kind: files[:1] for kind, files in project.config["data"]["train"].items()}
    fresh = type(project)(tmp_path, {**project.config, "data": {"train": train}})
    planned = fresh.planned()
    assert planned["pack"] == planned["preprocess"] == planned["truth"] == 2
    fresh.snakemake("results/tiny/truth/train_tile-0.csv", "results/tiny/truth/val_tile-0.csv")
    parts = [read_pack(fresh.results / "packs" / f"{split}_tile-0.csv")[0].part for split in ("train", "val")]
    assert parts == ["0:0.8", "0.8:1"]
    whole = tifffile.imread(train["images"][0])
    for split, rows in (("train", slice(0, 35)), ("val", slice(51, 64))):
        found = open_volume(fresh.results / "images" / f"{split}_tile-0.zarr")
        np.testing.assert_array_equal(found.read(Box((0, 0), found.spatial))[0], whole[rows])
