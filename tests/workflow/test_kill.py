"""Kill trials: whatever is killed, the same command ends with the labels of an undisturbed run.

The moment is drawn with a fixed seed and waited for in the log of the job, not by the clock.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from bioloom.volumes.manifest import read_manifest
from bioloom.volumes.store import open_volume

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("workflow")]

MOMENTS = random.Random(2026)
PATIENCE = 120.0
"""Seconds after which a trial that waits for its moment is given up."""


@dataclass
class Trial:
    """A run that will be disturbed, and the undisturbed one that it must equal."""

    run: Any
    reference: Path
    target: str
    environment: dict[str, str]
    started: list[psutil.Process] = field(default_factory=list)

    def start(self) -> psutil.Process:
        """Start the command in the background."""
        with open(self.run.folder / "said.txt", "w") as said:
            process = subprocess.Popen(
                self.run.command(self.target), stdout=said, stderr=said, env=self.environment
            )
        self.started.append(psutil.Process(process.pid))
        return self.started[0]

    def said(self) -> str:
        """Return what the disturbed command printed."""
        return (self.run.folder / "said.txt").read_text()

    def wait_until(self, step: str, job: str, share: int) -> psutil.Process:
        """Return the process of a job as soon as its log tells of `share` per cent of the work."""
        log = self.run.folder / "logs" / "tiny" / step / job
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.started[0].status() != psutil.STATUS_ZOMBIE:
            text = log.read_text() if log.exists() else ""
            if any(int(done) >= share for done in re.findall(rf"{step}: .*\((\d+) %\)", text)):
                return self.process(step, Path(job).stem)
            time.sleep(0.002)
        raise AssertionError(f"{log} never told of {share} %:\n{self.said()}")

    def wait_for(self, pattern: str, count: int) -> None:
        """Return as soon as there are `count` files of a pattern among the results."""
        deadline = time.monotonic() + PATIENCE
        while len(list(self.run.results.glob(pattern))) < count:
            assert time.monotonic() < deadline, f"{pattern} never came:\n{self.said()}"
            time.sleep(0.002)

    def process(self, step: str, job: str) -> psutil.Process:
        """Return the process of a step that works on a chunk, or on the model, called `job`."""
        self.started += self.started[0].children(recursive=True)
        commands = {process: process.cmdline() for process in self.started}
        found = [
            process
            for process, words in commands.items()
            if step in words and any(job in Path(word).parts for word in words)
        ]
        assert len(found) == 1, f"{step} was over too soon"
        return found[0]

    def same_command(self) -> str:
        """Run the same command to its end, after unlocking the folder."""
        self.run.snakemake("--unlock", self.target)
        return self.run.snakemake(self.target)

    def compare(self, *files: str) -> None:
        """Compare files, and the labels through the digests in their manifest."""
        assert open_volume(read_manifest(self.reference.parents[1] / self.target)[0].path).read().max() > 3
        for file in (*files, self.target.removeprefix("results/tiny/")):
            assert (self.run.results / file).read_bytes() == (self.reference / file).read_bytes(), file


@pytest.fixture
def trial(tmp_path: Path, run_environment: dict[str, str]) -> Iterator[Callable[..., Trial]]:
    """Returns a function that starts over from a copy of a run which lacks some of its results."""
    trials = []

    def begin(run: Any, pack: str, *missing: str) -> Trial:
        copy = run.copied(tmp_path / "launch")
        shutil.rmtree(
            copy.folder / "logs"
        )  # the log of the first run must not be taken for that of the trial
        for pattern in missing:
            found = list(copy.results.glob(pattern))
            assert found, f"the run has no {pattern}"
            for path in found:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        target = f"results/tiny/outputs/{pack}.csv"
        trials.append(Trial(copy, run.results, target, run_environment))
        return trials[-1]

    yield begin
    for finished in trials:
        alive = [process for process in finished.started if process.is_running()]
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=PATIENCE)


def test_infer_is_killed(trial, large_run):
    attempt = trial(large_run, "test_large", "predictions/test_large*", "outputs/test_large*")
    snakemake = attempt.start()
    attempt.wait_until("infer", "test_large/00000.log", MOMENTS.randrange(5, 40)).kill()
    snakemake.wait()
    assert "Error in rule infer" in attempt.said()
    attempt.same_command()
    attempt.compare("predictions/test_large.csv")


LEARNED = ("models", "checkpoints", "predictions", "outputs", "calibration.yaml")


def test_train_is_killed(trial, tiny_run):
    attempt = trial(tiny_run, "test_pack-0000", *LEARNED)
    snakemake = attempt.start()
    attempt.wait_until("train", "all.log", MOMENTS.randrange(15, 70)).kill()
    snakemake.wait()
    assert "Error in rule train" in attempt.said()
    assert "continuing at step" in (attempt.run.folder / "logs/tiny/train/all.log").read_text()
    attempt.same_command()
    attempt.compare("models/all/weights.safetensors", "calibration.yaml")


def test_snakemake_is_killed_while_training(trial, tiny_run):
    attempt = trial(tiny_run, "test_pack-0000", *LEARNED)
    snakemake = attempt.start()
    orphan = attempt.wait_until("train", "all.log", MOMENTS.randrange(15, 50))
    snakemake.kill()
    snakemake.wait()
    assert orphan.is_running()  # at the same work as the next job
    attempt.same_command()
    attempt.compare("models/all/weights.safetensors", "calibration.yaml")


def test_snakemake_is_killed_while_predicting(trial, large_run):
    attempt = trial(large_run, "test_large", "predictions/test_large*", "outputs/test_large*")
    snakemake = attempt.start()
    attempt.wait_until("infer", "test_large/00000.log", MOMENTS.randrange(5, 40))
    snakemake.kill()
    snakemake.wait()
    attempt.same_command()
    attempt.compare("predictions/test_large.csv")


@pytest.mark.parametrize(
    ("rule", "folder"),
    [("stitch_block", "stitched/test_large"), ("postprocess_block", "passes/test_large/3-relabel")],
)
def test_everything_is_killed_while_blocks_are_written(trial, large_run, rule, folder):
    attempt = trial(large_run, "test_large", "predictions/test_large*", "outputs/test_large*")
    snakemake = attempt.start()
    attempt.wait_for(f"{folder}/0000?.*", MOMENTS.randrange(3, 5))  # two at a time: one is over at least
    for process in [snakemake, *snakemake.children(recursive=True)]:
        process.kill()
    snakemake.wait()
    said = attempt.same_command()
    assert said.count(f"rule {rule}:") < 4
    assert rule == "stitch_block" or "rule infer:" not in said
    attempt.compare("predictions/test_large.csv")
