"""The bundled example, as a newcomer runs it, and what its network does on pictures of other kinds."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
import yaml
import zarr
from scipy import ndimage
from yaozarrs import validate_zarr_store

from bioloom.geometry.box import Box
from bioloom.geometry.grid import PatchGrid, plan_chunks
from bioloom.infer.open import open_predictor
from bioloom.infer.predict import Picture, predict_chunk
from bioloom.infer.stitch import stitch_block
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import compile_passes
from bioloom.preprocess import rules

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TILES = ROOT / "tests/data/nuclei2d"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    for source in config["data"].values():
        source.update({kind: str(ROOT / path) for kind, path in source.items()})
    (folder / "demo.yaml").write_text(yaml.safe_dump(config))
    snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "workflow/Snakefile")]
    subprocess.run([*snakemake, "--configfile", "demo.yaml", "--cores", "2"], cwd=folder, check=True)
    return folder / "results/demo"


def test_the_demo_beats_the_baseline(demo):
    with (demo / "summary.csv").open() as file:
        summary = {row["metric"]: float(row["value"] or "nan") for row in csv.DictReader(file)}
    assert summary["f1@0.5"] >= 0.85
    assert summary["f1@0.5"] > summary["baseline_f1@0.5"]


def test_the_demo_fans_out_and_makes_valid_stores(demo):
    assert len(list((demo.parents[1] / "logs/demo/infer/test_tile-11").glob("*.log"))) >= 4
    for kind in ("images", "labels", "predictions", "outputs"):
        validate_zarr_store(zarr.open_group(demo / kind / "test_tile-11.zarr", mode="r"))
    assert "test_tile-11" in (demo / "report.html").read_text()


class Mirrored:
    """An image in memory, mirrored beyond its border."""

    def __init__(self, values):
        self.values = values

    def read_reflected(self, box):
        sides = zip(box.start, box.stop, self.values.shape, strict=True)
        beyond = [(max(0, -start), max(0, stop - n)) for start, stop, n in sides]
        shifted = box.shift(tuple(low for low, _ in beyond))
        return np.pad(self.values, beyond, "reflect")[shifted.slices][np.newaxis]


def predict(demo, image):
    """Return the prediction of a picture in memory and its channels, normalised as any image of a run is.

    Its patches are those of the default recipe for an image of this size; the demo has smaller ones.
    """
    facts = {"median_shape": image.shape, "ndim": image.ndim}
    predictor, spec = open_predictor(
        demo / "models/all",
        batch_size=4,
        precision="auto",
        device="cpu",
        threads=2,
        orientations=rules.orientations(facts)[0],
    )
    low, high = np.percentile(image, (1, 99.8))
    offset = np.array([low], np.float32)
    scale = np.maximum(high - low, spec.normalize["floor"]).astype(np.float32)
    size = rules.predicted_size(facts, spec.patch["size"], spec.model["pooling"])[0]
    grid = PatchGrid.of(image.shape, size, rules.overlap(size)[0])
    rows = plan_chunks({"a": grid}, (99, 99))
    sums = predict_chunk(rows, {"a": Picture(Mirrored(image), grid, offset, scale)}, predictor)
    channels = [channel["name"] for channel in spec.channels]
    whole = Box.of(image.shape)
    return (
        stitch_block(whole, grid, rows, lambda _, box: sums["a"][(slice(None), *box.slices)], len(channels)),
        channels,
    )


def test_the_patch_grid_shows_in_few_pixels(demo):
    tiles = {path.stem: tifffile.imread(path) for path in TILES.glob("*/images/*.tif")}
    picture = np.block([[tiles["tile_00"], tiles["tile_01"]], [tiles["tile_10"], tiles["tile_11"]]])
    shifted = np.pad(picture, [(29, 0), (29, 0)], "reflect")
    here = predict(demo, picture)[0][0] > 0.5
    there = predict(demo, shifted)[0][0][29:, 29:] > 0.5
    assert (here != there).sum() < 0.005 * here.sum()


@pytest.mark.parametrize("picture", ["zeros", "background", "noise"])
def test_an_empty_picture_has_no_objects(demo, picture):
    tile, truth = (tifffile.imread(TILES / "test" / kind / "tile_11.tif") for kind in ("images", "labels"))
    background = tile[ndimage.binary_dilation(truth > 0, iterations=8) == 0]
    image = {
        "zeros": np.zeros((300, 300)),
        "background": np.full((300, 300), background.mean()),
        "noise": np.random.default_rng(0).normal(background.mean(), background.std(), (300, 300)),
    }[picture].astype(np.float32)
    prediction, channels = predict(demo, image)
    passes = compile_passes(
        ["watershed", "fill_holes", "remove_small"], channels=channels, spacing=(1.0, 1.0)
    )
    labels = run_in_memory(prediction, passes, Layout.cut(image.shape, image.shape, 32))
    assert labels.max() == 0
