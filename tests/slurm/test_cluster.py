"""The workflow on a real Slurm: where its jobs run, what they are given, and what a cancelled job changes."""

from __future__ import annotations

import re
import subprocess
import time

import pytest

from bioloom.volumes.manifest import read_manifest
from bioloom.volumes.store import open_volume

pytestmark = pytest.mark.slurm

PACK = "test_tile-11"
LABELS = f"results/demo/outputs/{PACK}.csv"
AFTER_TRAINING = (f"predictions/{PACK}*", f"outputs/{PACK}*")
PATIENCE = 300.0
"""Seconds after which a test that waits for a job is given up."""


def jobs(environment, states="all"):
    """Return what Slurm knows of its jobs: id, state, node, partition and comment, which names the rule."""
    form = "%i|%T|%N|%P|%k"
    command = ["squeue", "--noheader", f"--states={states}", f"--format={form}"]
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    return [line.split("|") for line in said.splitlines()]


@pytest.fixture(scope="module")
def local(finished, tmp_path_factory):
    """The same model used on this machine without Slurm, undisturbed."""
    copy = finished.without(tmp_path_factory.mktemp("local") / "launch", *AFTER_TRAINING)
    copy.finish(copy.start("--cores", "2", LABELS))
    assert open_volume(read_manifest(copy.folder / LABELS)[0].path).read().max() > 3
    return copy


def manifests(launch):
    """Return the manifests, which hold digests of all voxels."""
    return [(launch.results / folder / f"{PACK}.csv").read_text() for folder in ("predictions", "outputs")]


def test_the_run_is_complete(finished):
    assert (finished.results / "report.html").is_file()
    chunks = finished.logs("infer")
    assert len([name for name in chunks if name.startswith(PACK)]) == 4


def test_chunks_run_on_several_nodes_with_a_gpu_each(finished):
    found = [job for job in jobs(finished.environment) if job[4].startswith("rule_infer")]
    assert len(found) == 5  # those of the test pack, and one of the validation pack
    assert {state for _, state, *_ in found} == {"COMPLETED"}
    nodes = {node for _, _, node, *_ in found}
    assert len(nodes) > 1
    assert {partition for *_, partition, _ in found} == {"gpu"}
    # a log says where its job ran, and that there is no real GPU behind what it was given
    logs = finished.logs("infer").values()
    assert {re.search(r"s on (\S+)$", log.strip())[1] for log in logs} == nodes
    assert all("this job was given a GPU and runs on the CPU (device: auto)" in log for log in logs)


def test_jobs_without_a_gpu_ask_for_none(finished):
    found = [job for job in jobs(finished.environment) if job[4].startswith("rule_postprocess")]
    assert [partition for *_, partition, _ in found] == ["cpu"]


def test_a_cluster_makes_the_labels_of_a_single_machine(finished, local):
    assert manifests(finished) == manifests(local)


def test_a_chunk_that_is_cancelled_from_outside_is_made_again(finished, local, tmp_path):
    launch = finished.without(tmp_path / "launch", *AFTER_TRAINING)
    process = launch.on_slurm(LABELS)
    try:
        cancelled = cancel_a_chunk(launch, process)
        said = launch.finish(process)
    finally:
        process.terminate()
    assert f"SLURM-job '{cancelled}' failed, SLURM status is: 'CANCELLED'" in said
    assert "Trying to restart job" in said
    assert manifests(launch) == manifests(local)


def cancel_a_chunk(launch, process):
    """Cancel a job of `infer` when its step has begun (its log is there), and return its id."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        running = {job[4]: job[0] for job in jobs(launch.environment, "RUNNING")}
        for name, log in launch.logs("infer").items():
            chunk = name.rpartition("/")[2].removesuffix(".log")
            found = [job for comment, job in running.items() if comment.endswith(f"_{chunk}")]
            if found and "peak memory" not in log:
                subprocess.run(["scancel", found[0]], env=launch.environment, check=True)
                return found[0]
        time.sleep(0.05)
    raise AssertionError("no chunk was seen at work")
