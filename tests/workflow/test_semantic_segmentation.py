"""A small run of semantic segmentation: three classes, RGB pictures, an empty and an ignored part."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile
import yaml

from bioloom.volumes.store import open_volume

pytestmark = pytest.mark.xdist_group("semantic")

IGNORED = 9


def cells(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a noisy RGB picture of cells with a nucleus each, and the classes 0, 1 and 2."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((64, 64))
    labels = np.zeros((64, 64), np.uint8)
    for row, column in rng.uniform(12, 52, (3, 2)):
        distance = np.hypot(rows - row, columns - column)
        labels[distance < 11] = 1
        labels[distance < 5] = 2
    colours = np.array([[230, 220, 210], [180, 120, 190], [90, 40, 140]])
    picture = colours[labels] + rng.normal(0, 12, (64, 64, 3))
    return picture.clip(0, 255).astype(np.uint8), labels


@pytest.fixture(scope="module")
def finished(project, tmp_path_factory):
    """A complete run on five training images, one of them empty, and two test images."""
    folder = tmp_path_factory.mktemp("classes")
    for split, seeds in (("train", range(5)), ("test", (10, 11))):
        for kind in ("images", "labels"):
            (folder / split / kind).mkdir(parents=True)
        for seed in seeds:
            picture, labels = cells(seed)
            labels = labels * (seed != 4)
            labels[:6] = IGNORED
            tifffile.imwrite(folder / split / "images" / f"{seed}.tif", picture, photometric="rgb")
            tifffile.imwrite(folder / split / "labels" / f"{seed}.tif", labels)
    stack = np.stack([cells(20 + z)[0] for z in range(3)])
    tifffile.imwrite(folder / "stack.tif", stack, photometric="rgb", metadata={"axes": "ZYXS"})
    run = project.with_changes(
        {
            "run": "classes",
            "task": "semantic_segmentation",
            "data": {
                **{s: {k: str(folder / s / k) for k in ("images", "labels")} for s in ("train", "test")},
                "predict": {"images": str(folder / "stack.tif")},
                "ignore": IGNORED,
            },
            "train": {"losses": ["cross_entropy", "dice"]},
            "postprocess": ["argmax", "majority_filter"],
        }
    )
    run.snakemake()
    return run.folder / "results" / "classes"


def test_the_class_map_is_a_small_image_of_the_right_classes(finished):
    volume = open_volume(finished / "outputs" / "test_10.zarr")
    assert volume.dtype == np.uint8
    assert volume.facts["classes"] == [0, 1, 2]
    found, truth = volume.read()[0], cells(10)[1]
    assert (found == truth).mean() > 0.8


def test_a_network_of_planes_makes_a_class_map_of_a_stack(finished):
    volume = open_volume(finished / "outputs" / "predict_stack.zarr")
    assert volume.shape == (1, 3, 64, 64)
    truth = np.stack([cells(20 + z)[1] for z in range(3)])
    assert (volume.read()[0] == truth).mean() > 0.8


def test_scores_are_given_by_class_and_as_their_mean(finished):
    summary = pd.read_csv(finished / "summary.csv", dtype={"class": str}, keep_default_na=False)
    iou = summary[summary["metric"] == "iou"].set_index("class")["value"].astype(float)
    assert set(iou.index) == {"", "0", "1", "2"}
    assert iou[""] == pytest.approx(iou[["0", "1", "2"]].mean())
    assert iou[""] > 0.6
    assert {"dice", "boundary_f1", "baseline_iou"} <= set(summary["metric"])


def test_facts_and_patches_tell_of_classes(finished):
    fingerprint = yaml.safe_load((finished / "fingerprint.yaml").read_text())
    assert fingerprint["resolved"]["data.classes"]["value"] == [0, 1, 2]
    shares = fingerprint["facts"]["class_shares"]
    assert sum(shares.values()) == pytest.approx(1, abs=1e-4)
    patches = pd.read_csv(finished / "patches" / "train.csv")
    assert {"class-0", "class-1", "class-2"} <= set(patches)


def test_nothing_is_measured_or_fitted_in_vain(finished):
    assert not (finished / "objects").exists()
    assert not list((finished / "predictions").glob("val_*"))
    assert yaml.safe_load((finished / "calibration.yaml").read_text())["thresholds"] is not None


def test_the_report_shows_classes(finished):
    page = (finished / "report.html").read_text()
    assert "By class" in page
    assert (finished / "figures" / "overlay_test_10.png").exists()
