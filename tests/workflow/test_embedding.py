"""The pipeline of a lab in `embedding/`, shown in docs/embedding.md: from the repository, and installed."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from pathlib import Path

import pytest

import bioloom

pytestmark = pytest.mark.xdist_group("embedding")

ROOT = Path(bioloom.__file__).parents[1]
LAB = Path(__file__).parent / "embedding"
PREFIXES = ("plain", "residual")
HEAVY = ("torch", "zarr", "skimage", "scipy")
PARSE = f"""
import sys
from snakemake.cli import main
try:
    main(sys.argv[1:])
finally:
    print("loaded:", *[name for name in {HEAVY} if name in sys.modules])
"""


def launch(folder: Path) -> Path:
    """Return a launch directory with what the lab gives; the pictures are not there."""
    folder.mkdir()
    for name in ("lab.yaml", "samples.csv"):
        shutil.copy(LAB / name, folder)
    return folder


def snakemake(folder: Path, *flags: str, snakefile: Path = LAB / "Snakefile", **more: str) -> str:
    """Run Snakemake in a folder and return what it says; a failure of it is one of the test."""
    return python(
        "-m", "snakemake", "--snakefile", str(snakefile), "--cores", "2", *flags, cwd=folder, **more
    )


def python(*args: str, cwd: Path, **variables: str) -> str:
    """Run this Python and return what it prints."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", **variables}
    done = subprocess.run(
        [sys.executable, *args],
        cwd=cwd,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def jobs(text: str) -> Counter[str]:
    """Return the table `Job stats` of Snakemake's output."""
    table = text.split("Job stats:")[1].split("total")[0]
    return Counter({name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)})


def commands(text: str) -> list[str]:
    """Return the calls of BioLoom that `--printshellcmds` shows."""
    return re.findall(r"^Shell command: (bioloom .*)$", text, re.MULTILINE)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a dry run says before any picture is made."""
    folder = launch(tmp_path_factory.mktemp("lab") / "launch")
    flags = ["--dry-run", "--printshellcmds", "--cores", "2", "--set-resources", "residual_train:mem_mb=3000"]
    return python("-c", PARSE, "--snakefile", str(LAB / "Snakefile"), *flags, cwd=folder)


def test_both_networks_run_on_pictures_that_are_not_there_yet(planned):
    counts = jobs(planned)
    each = [
        {name.removeprefix(f"{prefix}_"): n for name, n in counts.items() if name.startswith(prefix)}
        for prefix in PREFIXES
    ]
    assert each[0] == each[1]
    # three packs: the table puts five pictures into them
    assert each[0].items() >= {"preprocess": 3, "truth": 2, "train": 1, "plan": 2, "postprocess": 1}.items()
    others = {name: n for name, n in counts.items() if not name.startswith(PREFIXES)}
    assert others == {"acquire": 5, "compare": 1}


def test_parsing_two_modules_imports_nothing_heavy(planned):
    assert planned.splitlines()[-1].split() == ["loaded:"]


def test_resources_are_replaced_for_one_network(planned):
    jobs_of_train = dict(re.findall(r"^rule (\w+)_train:\n(.*?)\n\n", planned, re.DOTALL | re.MULTILINE))
    assert re.search(r"mem_mb=2000\b.*--threads 1 ", jobs_of_train["plain"], re.DOTALL)
    assert re.search(r"mem_mb=3000\b.*--threads 2 ", jobs_of_train["residual"], re.DOTALL)
    assert re.search(r"\bgpu=0\b.*\bruntime=1440\b|\bruntime=1440\b.*\bgpu=0\b", jobs_of_train["residual"])
    # what stood beside the resources that were replaced reaches the step all the same
    for text in jobs_of_train.values():
        assert re.search(r"bioloom train .* --device auto .* --workers 0 ", text)


def test_a_rule_and_a_step_by_themselves(tmp_path):
    folder = launch(tmp_path / "launch")
    said = snakemake(folder, snakefile=LAB / "one_rule.smk")
    assert jobs(said) == {"acquire": 2, "options": 1, "pack": 1, "preprocess": 1, "measure_drawings": 1}
    with (folder / "drawn.csv").open() as file:
        assert {row["image"] for row in csv.DictReader(file)} == {"test_B1", "test_B2"}
    made = {path.name for path in folder.iterdir()} - {".snakemake"}
    assert made == {"lab.yaml", "samples.csv", "raw", "converted", "drawn.csv"}
    assert "Nothing to be done" in snakemake(folder, snakefile=LAB / "one_rule.smk")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with BioLoom installed from its wheel, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (folder / "source").mkdir()
    for name in sorted(set(project["tool"]["setuptools"]["package-dir"].values())):
        left_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=left_out)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source")
    pip = ["-m", "pip", "--quiet", "--disable-pip-version-check"]
    python(*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "./source", cwd=folder)
    (wheel,) = folder.glob("*.whl")
    python(*pip, "install", "--no-deps", "--no-index", "--target", "site", wheel.name, cwd=folder)
    return folder


def variables(installed: Path) -> dict[str, str]:
    """Return what makes commands find the installed BioLoom before that of the repository."""
    site = installed / "site"
    return {"PYTHONPATH": str(site), "PATH": os.pathsep.join([str(site / "bin"), os.environ["PATH"]])}


@pytest.mark.slow
def test_the_wheel_holds_the_workflow_and_what_it_refers_to(installed):
    (wheel,) = installed.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, target in (("workflow", "_workflow"), ("config", "_config"), ("envs", "envs")):
        for file in (path for path in (ROOT / folder).rglob("*") if path.is_file()):
            assert f"bioloom/{target}/{file.relative_to(ROOT / folder).as_posix()}" in names
    for file in (ROOT / "workflow" / "rules").glob("*.smk"):
        for environment in re.findall(r'"(\.\./\.\./envs/.*)"', file.read_text()):
            inside = os.path.normpath(f"bioloom/_workflow/rules/{environment}")
            assert inside in names


@pytest.mark.slow
def test_the_installed_workflow_says_where_it_is(installed, tmp_path):
    code = "import bioloom; print(bioloom.snakefile())"
    where = python("-c", code, cwd=tmp_path, **variables(installed)).strip()
    assert where == str(installed / "site" / "bioloom" / "_workflow" / "Snakefile")
    # the demo, which is what runs without a config in the repository, is not installed
    with pytest.raises(AssertionError, match=r"config: run: missing\s+config: task: missing"):
        snakemake(tmp_path, "--dry-run", snakefile=Path(where), **variables(installed))


@pytest.fixture(scope="module")
def finished(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The launch directory after a run with the installed BioLoom, and what Snakemake said."""
    folder = launch(tmp_path_factory.mktemp("lab") / "launch")
    return folder, snakemake(folder, "--printshellcmds", **variables(installed))


@pytest.mark.slow
def test_the_lab_gets_its_table_from_the_installed_workflow(finished, installed):
    folder, _ = finished
    with (folder / "comparison.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["test_B1", "test_B2"]
    assert all(int(row[prefix]) > 0 for row in rows for prefix in PREFIXES)
    assert "Nothing to be done" in snakemake(folder, "--dry-run", **variables(installed))


@pytest.mark.slow
def test_each_network_keeps_to_its_own_folder(finished):
    folder, said = finished
    made = {path.name for path in folder.iterdir()} - {".snakemake"}
    assert made == {"lab.yaml", "samples.csv", "raw", "comparison.csv", *PREFIXES}
    for prefix in PREFIXES:
        assert {path.name for path in (folder / prefix).iterdir()} == {"results", "logs", "benchmarks"}
    calls = commands(said)
    assert len(calls) > 40
    for call in calls:
        assert len({word.split("/")[0] for word in call.split() if "/" in word}) == 1, call
    assert "chunks/test_plate-2/00001.zarr.zip" in said  # the chunks are those that each config asks for
    assert not list(folder.rglob("*.zarr.zip"))


@pytest.mark.slow
def test_the_repository_goes_on_where_the_installed_workflow_ended(finished):
    folder, _ = finished
    manifest = folder / "plain" / "results" / "cells" / "outputs" / "test_plate-2.csv"
    before = manifest.read_bytes()
    assert "Nothing to be done" in snakemake(folder, "--dry-run")
    said = snakemake(folder, "--forcerun", "plain_train")
    assert jobs(said).items() >= {"plain_train": 1, "plain_stitch": 2, "plain_fit": 1, "compare": 1}.items()
    assert not [name for name in jobs(said) if name.startswith("residual")]
    assert manifest.read_bytes() == before
