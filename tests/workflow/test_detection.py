"""Detection from tables of points to the report, with classes, on pictures of spots."""

import csv

import numpy as np
import pytest
import tifffile

from bioloom.volumes.manifest import read_manifest
from bioloom.volumes.points import read_points
from bioloom.volumes.tables import METRICS, read_table

pytestmark = pytest.mark.xdist_group("detection")


def spots(seed, shape=(64, 80)):
    """Return a picture of bright and dim spots that lie apart, their places and classes."""
    rng = np.random.default_rng(seed)
    cells = [(y, x) for y in range(8, shape[0] - 7, 12) for x in range(8, shape[1] - 7, 12)]
    places = np.array(cells) + rng.uniform(-2, 2, (len(cells), 2))
    classes = rng.choice(["bright", "dim"], len(places))
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    image = rng.normal(100, 3, shape)
    for place, class_ in zip(places, classes, strict=True):
        image += (300 if class_ == "bright" else 120) * np.exp(-((grid - place) ** 2).sum(-1) / 4)
    return image.astype(np.uint16), places, classes


def write_split(folder, seeds):
    for seed in seeds:
        image, places, classes = spots(seed)
        for kind in ("images", "points"):
            (folder / kind).mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(folder / "images" / f"s{seed}.tif", image)
        with (folder / "points" / f"s{seed}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["axis-0", "axis-1", "class"])
            writer.writerows([*place.round(2), class_] for place, class_ in zip(places, classes, strict=True))
    return {"images": str(folder / "images"), "labels": str(folder / "points")}


@pytest.fixture(scope="module")
def detected(project, tmp_path_factory):
    """A run that learned for 20 steps: enough to find some spots, not all."""
    folder = tmp_path_factory.mktemp("spots")
    launch = folder / "launch"
    launch.mkdir()
    config = {
        **project.config,
        "task": "detection",
        "data": {"train": write_split(folder / "train", range(4)), "test": write_split(folder / "test", [9])},
        "postprocess": [{"name": "peaks", "threshold": 0.1}],
        "train": {**project.config["train"], "steps": 20, "validate_every": 10},
    }
    run = type(project)(launch, config)
    run.snakemake()
    return run


def test_points_are_written_with_their_manifest_and_scored(detected):
    (entry,) = read_manifest(detected.results / "outputs" / "test_s9.csv")
    assert entry.path == detected.results / "points" / "test_s9.csv"
    found = read_points(entry.path)
    assert len(found) > 0
    assert set(found.classes) <= {"bright", "dim"}
    assert ((found.scores >= 0.1) & (found.scores <= 1)).all()
    counts = read_table(detected.results / "metrics" / "test_s9.csv", METRICS)
    total = counts[
        (counts["class"] == "") & counts["metric"].isin(["point_matching:tp", "point_matching:fp"])
    ]
    assert total["value"].sum() == len(found)
    summary = (detected.results / "summary.csv").read_text()
    assert "bright,f1," in summary
    assert ",baseline_f1_any_class," in summary


def test_the_report_shows_the_points(detected):
    page = (detected.results / "report.html").read_text()
    assert "In this picture" in page
    assert (detected.results / "figures" / "overlay_test_s9.png").exists()
    assert "points/test_s9.csv" in page
