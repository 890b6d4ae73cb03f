"""A small run of instance segmentation whose objects have classes: bright and dark discs on grey."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

from bioloom.volumes.store import open_volume
from bioloom.volumes.tables import OBJECTS, read_table

pytestmark = pytest.mark.xdist_group("object_classes")

BRIGHT, DARK = 2, 5


def discs(seed: int) -> tuple[np.ndarray, np.ndarray, dict[int, int]]:
    """Return a picture of four discs, their labels, and the class of each."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((64, 64))
    labels = np.zeros((64, 64), np.uint16)
    centers = [(16, 16), (16, 48), (48, 16), (48, 48)]
    classes = dict(zip(range(1, 5), rng.permutation([BRIGHT, BRIGHT, DARK, DARK]).tolist(), strict=True))
    for number, (row, column) in enumerate(centers, start=1):
        labels[np.hypot(rows - row, columns - column) < rng.uniform(7, 11)] = number
    light = np.array([100, *(180 if classes[n] == BRIGHT else 30 for n in range(1, 5))])
    picture = light[labels] + rng.normal(0, 8, labels.shape)
    return picture.clip(0, 255).astype(np.uint8), labels, classes


@pytest.fixture(scope="module")
def finished(project, tmp_path_factory):
    """A complete run: classes of training objects as images, of test objects as tables."""
    folder = tmp_path_factory.mktemp("discs")
    for split, seeds in (("train", range(5)), ("test", (10, 11))):
        for kind in ("images", "labels", "classes"):
            (folder / split / kind).mkdir(parents=True)
        for seed in seeds:
            picture, labels, classes = discs(seed)
            tifffile.imwrite(folder / split / "images" / f"{seed}.tif", picture)
            tifffile.imwrite(folder / split / "labels" / f"{seed}.tif", labels)
            if split == "train":
                ids = np.array([0, *(classes[n] for n in range(1, 5))], np.uint8)
                tifffile.imwrite(folder / split / "classes" / f"{seed}.tif", ids[labels])
            else:
                rows = "".join(f"{label},{class_}\n" for label, class_ in classes.items())
                (folder / split / "classes" / f"{seed}.csv").write_text(f"label,class\n{rows}")
    data = {s: {k: str(folder / s / k) for k in ("images", "labels", "classes")} for s in ("train", "test")}
    run = project.with_changes({"run": "discs", "task": "instance_segmentation", "data": data})
    run.snakemake()
    return run.folder / "results" / "discs"


def test_truth_and_prediction_have_a_channel_per_class_and_objects_a_class(finished):
    truth = read_table(finished / "truth" / "test_pack-0000.csv", OBJECTS)
    assert truth["class"].tolist() == [str(c) for seed in (10, 11) for c in discs(seed)[2].values()]
    found = read_table(finished / "objects" / "test_pack-0000.csv", OBJECTS)
    assert len(found)
    assert set(found["class"]) <= {str(BRIGHT), str(DARK)}
    prediction = open_volume(finished / "predictions" / "test_10.zarr")
    labels = open_volume(finished / "outputs" / "test_10.zarr").read()[0]
    for _, row in found[found["image"] == "test_10"].iterrows():
        channel = prediction.channel_names.index(f"classes-{row['class']}")
        mean = prediction.read()[channel][labels == row["label"]].mean()
        assert row["class_score"] == pytest.approx(mean, abs=1e-4)


def test_the_class_is_right_for_most_objects(finished):
    found = read_table(finished / "objects" / "test_pack-0000.csv", OBJECTS)
    brightness = found["intensity_mean-channel-0"] > 100
    assert ((found["class"] == str(BRIGHT)) == brightness).mean() > 0.7


def test_scores_are_given_with_and_without_classes(finished):
    summary = pd.read_csv(finished / "summary.csv", dtype={"class": str}, keep_default_na=False)
    values = {(row["class"], row["metric"]): float(row["value"] or "nan") for _, row in summary.iterrows()}
    assert ("", "f1_with_class@0.5") in values
    assert values["", "f1_with_class@0.5"] <= values["", "f1@0.5"]
    for class_ in (BRIGHT, DARK):
        assert values[str(class_), "objects_truth"] == 4
    assert ("", "baseline_f1_with_class@0.5") in values
    report = (finished / "report.html").read_text(encoding="utf-8")
    assert "F1 with class" in report
    assert "By class" in report
