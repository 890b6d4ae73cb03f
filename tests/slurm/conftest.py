"""A real Slurm of three nodes on this machine, and a demo made smaller to run on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tifffile
import yaml

ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "tests/slurm/cluster.sh"
QUICK = ("--slurm-init-seconds-before-status-checks", "6", "--latency-wait", "10")
"""Flags for a cluster whose jobs are over in seconds."""
THREADS = ("--set-threads", "train=1", "infer=1")
"""The nodes have four pretend CPUs and share the real ones."""


@dataclass(frozen=True)
class Launch:
    """A launch directory with a config, and the environment of its commands."""

    folder: Path
    environment: dict[str, str]

    @property
    def results(self) -> Path:
        return self.folder / "results/demo"

    def command(self, *flags: str) -> list[str]:
        """Return the command of a user, who would stand in the repository and leave the Snakefile out."""
        where = ["--snakefile", str(ROOT / "workflow/Snakefile"), "--configfile", "demo.yaml"]
        return ["snakemake", *flags, *where, *THREADS]

    def start(self, *flags: str) -> subprocess.Popen[str]:
        """Start the command in the background."""
        return subprocess.Popen(
            self.command(*flags),
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def on_slurm(self, *targets: str) -> subprocess.Popen[str]:
        """Start the command on the cluster."""
        return self.start("--profile", "slurm", *QUICK, *targets)

    def finish(self, process: subprocess.Popen[str]) -> str:
        """Wait for the end of a command, which must be a happy one, and return what it said."""
        said, _ = process.communicate()
        assert process.returncode == 0, said
        return said

    def without(self, folder: Path, *missing: str) -> Launch:
        """Return a copy that lacks some results, and all logs."""
        shutil.copytree(self.folder, folder)
        copy = Launch(folder, self.environment)
        shutil.rmtree(folder / "logs")
        for pattern in missing:
            found = list(copy.results.glob(pattern))
            assert found, f"the run has no {pattern}"
            for path in found:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return copy

    def logs(self, rule: str) -> dict[str, str]:
        """Return the logs of a rule's jobs by their names below the rule's folder."""
        folder = self.folder / "logs/demo" / rule
        return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.log"))}


@pytest.fixture(scope="session")
def slurm() -> Iterator[dict[str, str]]:
    """The environment of commands that find the cluster; it is stopped at the end."""
    state = Path(os.environ.get("STATE", "/tmp/bioloom-slurm"))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {"PATH": path, "OMP_NUM_THREADS": "1", "SLURM_CONF": str(state / "slurm.conf")}
    subprocess.run([CLUSTER, "start"], check=True, stdin=subprocess.DEVNULL)
    yield {**os.environ, **own}
    subprocess.run([CLUSTER, "stop"], check=True, stdin=subprocess.DEVNULL)


def small_demo(folder: Path) -> dict[str, Any]:
    """Return the demo's config with a smaller network, and a validation image that one job predicts."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    for source in config["data"].values():
        source.update({kind: str(ROOT / path) for kind, path in source.items()})
    config["data"]["val"] = {kind: str(folder / kind) for kind in ("images", "labels")}
    for kind in ("images", "labels"):
        (folder / kind).mkdir()
        tile = tifffile.imread(ROOT / "tests/data/nuclei2d/train" / kind / "tile_01.tif")
        tifffile.imwrite(folder / kind / "corner.tif", tile[:128, :128])
    length = {"steps": 24, "validate_every": 12, "batch_size": 2}
    return {
        **config,
        "patch": {"size": [128, 128], "overlap": [32, 32]},
        "model": {"name": "residual_unet", "feature_maps": [8, 16]},
        "train": {**length, "learning_rate": 0.01, "ema": 0, "workers": 0},
        "infer": {"patch_size": [128, 128], "chunk": [2, 2]},  # of 3 x 3 patches: four jobs
    }


@pytest.fixture(scope="session")
def launch(slurm: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Launch:
    """A user with the installed profile, and a demo with a smaller network that learns less long."""
    folder = tmp_path_factory.mktemp("user") / "launch"
    folder.mkdir()
    (folder / "demo.yaml").write_text(yaml.safe_dump(small_demo(folder.parent)))
    environment = {**slurm, "XDG_CONFIG_HOME": str(folder.parent / "config")}
    install = ["bioloom", "profile", "slurm", "--partition", "cpu", "--gpu-partition", "gpu"]
    subprocess.run(install, env=environment, check=True)
    return Launch(folder, environment)


@pytest.fixture(scope="session")
def finished(launch: Launch) -> Launch:
    """The demo after one complete run on the cluster; not to be changed."""
    launch.finish(launch.on_slurm())
    return launch
