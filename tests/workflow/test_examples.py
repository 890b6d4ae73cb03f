"""Examples from their pictures to their scores, as `make examples` runs them."""

import csv
import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path):
    """A folder with all that the script needs, in which nothing has been run."""
    for name in ("config", "workflow", "envs", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "examples", tmp_path / ".ci" / "examples")
    return tmp_path


def test_an_example_makes_its_pictures_and_beats_the_baseline(checkout, run_environment):
    config = "config/examples/instance_segmentation.yaml"
    done = subprocess.run(
        [".ci/examples", config], cwd=checkout, env=run_environment, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with (checkout / "results/instance_segmentation/summary.csv").open() as file:
        summary = {row["metric"]: float(row["value"] or "nan") for row in csv.DictReader(file)}
    score, baseline = summary["f1@0.5"], summary["baseline_f1@0.5"]
    assert score > max(0.75, baseline + 0.05)
    said = re.fullmatch(r"instance_segmentation +\d+ s  f1@0\.5 (\d\.\d+), baseline (\d\.\d+)\n", done.stdout)
    assert (float(said[1]), float(said[2])) == pytest.approx((score, baseline), abs=5e-4)
    assert (checkout / "results/instance_segmentation/report.html").is_file()


def test_an_example_that_fails_is_told(checkout, run_environment):
    broken = checkout / "broken.yaml"
    broken.write_text(
        "run: broken\ntask: instance_segmentation\ndata: {train: {images: nowhere, labels: nowhere}}\n"
    )
    done = subprocess.run(
        [".ci/examples", "broken.yaml"], cwd=checkout, env=run_environment, text=True, capture_output=True
    )
    assert done.returncode == 1
    assert re.fullmatch(r"broken +\d+ s  FAILED, see logs/examples/broken\.log\n", done.stdout)
    assert "nowhere" in (checkout / "logs/examples/broken.log").read_text()
