"""A tiny project on which the whole workflow runs in well under a minute, and what tests ask of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import yaml

SNAKEFILE = Path(__file__).parents[2] / "workflow" / "Snakefile"
RUN = "tiny"
TEST_IMAGES = 3


@dataclass(frozen=True)
class Project:
    """A launch directory and the config of its run."""

    folder: Path
    config: Mapping[str, Any]

    @property
    def results(self) -> Path:
        """Everything that the run made."""
        return self.folder / "results" / RUN

    def with_changes(self, changes: Mapping[str, Mapping[str, Any] | Any]) -> Project:
        """Return the project with other options: sections are merged, everything else is replaced."""
        merged = {
            key: {**self.config.get(key, {}), **value} if isinstance(value, Mapping) else value
            for key, value in changes.items()
        }
        return Project(self.folder, {**self.config, **merged})

    def copied(self, folder: Path) -> Project:
        """Return a copy with the same results, times and provenance, on the same raw images."""
        shutil.copytree(self.folder, folder)
        return Project(folder, self.config)

    def command(self, *flags: str, snakefile: Path = SNAKEFILE) -> list[str]:
        """Return a Snakemake command on the config, which it writes."""
        file = self.folder / "config.yaml"
        file.write_text(yaml.safe_dump(dict(self.config)))
        program = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile)]
        where = ["--directory", str(self.folder), "--configfile", str(file)]
        # a network this small gains nothing from a second thread, which only waits on a busy machine
        return [*program, *where, "--set-threads", "train=1", "infer=1", "--cores", "2", *flags]

    def snakemake(self, *flags: str, **more: Any) -> str:
        """Run Snakemake and return what it says; a failure of it is one of the test."""
        done = run_quietly(self.command(*flags, **more))
        assert done.returncode == 0, done.stdout
        return done.stdout

    def planned(self, *flags: str, **more: Any) -> Counter[str]:
        """Return how many jobs of each rule a dry run announces."""
        return job_counts(self.snakemake("--dry-run", *flags, **more))


def environment() -> dict[str, str]:
    """Return the environment of the commands: this Python's `bioloom` first, one thread for numerics."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}


def run_quietly(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command and return its exit status and all that it printed."""
    return subprocess.run(
        command, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def job_counts(text: str) -> Counter[str]:
    """Return the table `Job stats` of Snakemake's output; empty if nothing is to be done."""
    if "Nothing to be done" in text:
        return Counter()
    table = text.split("Job stats:")[1].split("total")[0]
    return Counter({name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)})


def discs(seed: int, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return a noisy image with bright discs, and their labels."""
    rng = np.random.default_rng(seed)
    image, labels = rng.normal(100, 10, shape), np.zeros(shape, np.uint16)
    rows, columns = np.indices(shape)
    for label in range(1, 2 + image.size // 600):
        row, column = rng.uniform(0, shape)
        inside = (rows - row) ** 2 + (columns - column) ** 2 < rng.uniform(5, 8) ** 2
        labels[inside & (labels == 0)] = label
    return (image + 300 * (labels > 0)).astype(np.uint16), labels


def write_picture(folder: Path, name: str, seed: int, shape: tuple[int, int] = (64, 64)) -> Path:
    """Write a picture and its labels as TIFF and return the path of the picture."""
    for kind, array in zip(("images", "labels"), discs(seed, shape), strict=True):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(folder / kind / f"{name}.tif", array)
    return folder / "images" / f"{name}.tif"


def source(images: list[Path]) -> dict[str, list[str]]:
    """Return the `data.<split>` section for pictures of `write_picture`."""
    labels = [image.parents[1] / "labels" / image.name for image in images]
    return {"images": list(map(str, images)), "labels": list(map(str, labels))}


@pytest.fixture(scope="session", name="picture")
def _picture() -> Callable[..., Path]:
    """Writes a picture; see `write_picture`."""
    return write_picture


@pytest.fixture(scope="session")
def run_environment() -> dict[str, str]:
    """The environment of commands that a test starts itself."""
    return environment()


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which nothing has been run."""
    folder = tmp_path_factory.mktemp("project")
    train = [write_picture(folder / "data" / "train", f"tile-{n}", n) for n in range(7)]
    test = [write_picture(folder / "data" / "test", f"tile-{n}", 100 + n) for n in range(TEST_IMAGES)]
    launch = folder / "launch"
    launch.mkdir()
    return Project(
        launch,
        {
            "run": RUN,
            "task": "instance_segmentation",
            # packs as small as possible that still hold all small images of a split
            "data": {
                "train": source(train),
                "test": source(test),
                "val_fraction": 0.3,
                "pack_voxels": 100_000,
            },
            "patch": {"size": [32, 32], "overlap": [15, 15]},
            "model": {"name": "residual_unet", "feature_maps": [4, 8]},
            # enough to find most discs: tests of labels mean nothing without any
            "train": {
                "steps": 80,
                "batch_size": 4,
                "learning_rate": 0.01,
                "ema": 0,
                "validate_every": 8,
                "workers": 0,
            },
            # a fixed threshold: there are too few objects to choose one
            "postprocess": [{"name": "watershed", "seed_threshold": 0.25}, "fill_holes", "remove_small"],
            "infer": {"patch_size": [32, 32], "chunk": [9, 9], "block": [256, 256], "batch_size": 2},
        },
    )


@pytest.fixture(scope="session")
def tiny_run(project: Project) -> Project:
    """The project after one complete run; not to be changed."""
    project.snakemake()
    return project


@pytest.fixture(scope="session")
def add_image(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Project]:
    """Returns a function that adds an image to a split of a project, in its config."""

    def add(project: Project, name: str, *, seed: int, split: str = "test", **more: Any) -> Project:
        image = write_picture(tmp_path_factory.mktemp("more"), name, seed, **more)
        sources = project.config["data"][split]
        files = {kind: [*sources[kind], *source([image])[kind]] for kind in sources}
        return project.with_changes({"data": {split: files}})

    return add


@pytest.fixture(scope="session")
def large_run(
    tiny_run: Project, add_image: Callable[..., Project], tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """A copy of the run with a test image of four blocks and chunks, up to its labels; not to be changed."""
    copy = tiny_run.copied(tmp_path_factory.mktemp("large") / "launch")
    run = add_image(copy, "large", seed=7, shape=(300, 300))
    run.snakemake(f"results/{RUN}/outputs/test_large.csv")
    return run
