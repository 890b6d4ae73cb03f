"""The conda environments ask for what the package asks for."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
CONDA_NAMES = {"pytorch-cpu": "torch", "pytorch-gpu": "torch"}
"""Packages that conda-forge calls otherwise than PyPI does."""


def ranges(lines):
    """Return the range of versions by package, for lines such as `numpy>=2.0`."""
    found = dict(re.fullmatch(r"([\w-]+) ?(.*)", line).groups() for line in lines)
    return {CONDA_NAMES.get(name, name): versions for name, versions in found.items()}


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_an_environment_agrees_with_the_package(name):
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    environment = yaml.safe_load((PROJECT / "envs" / f"{name}.yaml").read_text())
    *conda, pip = environment["dependencies"]
    wanted = {"python": project["requires-python"], "pip": "", **ranges(project["dependencies"])}
    assert {**ranges(conda), **ranges(pip["pip"])} == wanted
    assert f"pytorch-{name}" in " ".join(conda)
    assert environment["name"] == f"bioloom-{name}"


def test_every_rule_names_an_environment_that_exists():
    rules = "".join(path.read_text() for path in (PROJECT / "workflow" / "rules").glob("*.smk"))
    assert set(re.findall(r'"\.\./\.\./envs/(\w+\.yaml)"', rules)) == {"cpu.yaml", "gpu.yaml"}


@pytest.mark.parametrize("extra", ["dev", "slurm"])
def test_what_is_asked_for_is_pinned(extra):
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    pins = [line.split("==")[0] for line in (PROJECT / "constraints.txt").read_text().splitlines()[1:]]
    pinned = {name.lower().replace("_", "-") for name in pins}
    wanted = ranges([*project["dependencies"], *project["optional-dependencies"][extra]])
    assert {name.lower() for name in wanted} <= pinned
