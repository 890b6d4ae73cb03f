"""The profiles that `bioloom profile` installs, and what they mean to the rules."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.xdist_group("workflow")

ROOT = Path(__file__).parents[2]
PROFILES = {name: ROOT / "profiles" / name / "config.yaml" for name in ("slurm", "gpu")}
DEFAULT = ROOT / "workflow" / "profiles" / "default" / "config.yaml"


def rules_with_a_gpu() -> set[str]:
    text = "".join(path.read_text() for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
    bodies = re.findall(r"^rule (\w+):\n((?:(?: {4}.*)?\n)+)", text, re.MULTILINE)
    return {name for name, body in bodies if "envs/gpu.yaml" in body}


@pytest.mark.parametrize("name", PROFILES)
def test_the_default_profile_leaves_the_others_alone(name):
    """It is read beside them and wins: a section in both would be lost from the chosen one."""
    default, profile = (yaml.safe_load(path.read_text()) for path in (DEFAULT, PROFILES[name]))
    assert not default.keys() & profile.keys()


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_gives_a_gpu_to_the_rules_that_use_one(name):
    profile = yaml.safe_load(PROFILES[name].read_text())
    assert {rule: values["gpu"] for rule, values in profile["set-resources"].items()} == dict.fromkeys(
        rules_with_a_gpu(), 1
    )


def test_slurm_is_asked_as_it_must_be():
    profile = yaml.safe_load(PROFILES["slurm"].read_text())
    assert profile["executor"] == "slurm"
    assert profile["slurm-status-command"] == "squeue"  # sacct's `CANCELLED by` is not understood
    assert not {"groups", "group-components"} & profile.keys()  # they add up the GPUs of their jobs
    assert {"mem_mb", "runtime", "slurm_partition"} <= profile["default-resources"].keys()


COUNTING = """
rule all:
    input:
        expand("{n}.txt", n=range(4)),

rule infer:
    output:
        "{n}.txt",
    shell:
        "mkdir running{wildcards.n}; ls -d running* | wc -l > {output}; sleep 0.5; rmdir running{wildcards.n}"
"""


def test_as_many_jobs_run_as_there_are_gpus(tmp_path):
    (tmp_path / "Snakefile").write_text(COUNTING)
    command = [sys.executable, "-m", "snakemake", "--profile", str(PROFILES["gpu"].parent), "--cores", "4"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    gpus = yaml.safe_load(PROFILES["gpu"].read_text())["resources"]["gpu"]
    assert max(int(file.read_text()) for file in tmp_path.glob("*.txt")) <= gpus < 4


@pytest.mark.parametrize(
    ("device", "profile", "gpus"),
    [("auto", None, 0), ("cpu", None, 0), ("cuda", None, 1), ("cuda:1", None, 1), ("auto", "gpu", 1)],
)
def test_how_many_gpus_a_job_counts(project, device, profile, gpus):
    changed = project.with_changes({"train": {"device": device}})
    flags = ["--profile", str(PROFILES[profile].parent)] if profile else []
    said = changed.snakemake("--dry-run", "--forceall", *flags)  # others may have completed the run
    (job,) = re.findall(r"^rule train:\n(?: {4}.*\n)+", said, re.MULTILINE)
    assert int(re.search(r"\bgpu=(\d)", job)[1]) == gpus
    others = re.findall(r"^rule (?!train|infer)\w+:\n(?: {4}.*\n)+", said, re.MULTILINE)
    assert others
    assert not [job for job in others if re.search(r"\bgpu=[1-9]", job)]
