"""``bioloom profile``: install a Snakemake profile, for a Slurm cluster or a computer with several GPUs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import click
import yaml

from bioloom.cli import step
from bioloom.errors import BioLoomError, did_you_mean

Value = str | int
PROFILES: dict[str, dict[str, tuple[str, str]]] = {
    "slurm": {
        "account": ("default-resources", "slurm_account"),
        "partition": ("default-resources", "slurm_partition"),
        "gpu_partition": ("set-resources", "slurm_partition"),
    },
    "gpu": {"gpus": ("resources", "gpu")},
}
"""For every profile its flags, each with the section and the key of the line that it fills in."""
NVIDIA = Path("/proc/driver/nvidia/gpus")
"""Where the driver lists the GPUs of this machine, a folder each."""


@step("profile")
@click.argument("name")
@click.option("--to", type=click.Path(path_type=Path), help="[write] folder of the profile.")
@click.option("--account", help="slurm: account that the jobs are billed to.")
@click.option("--partition", help="slurm: partition of jobs without a GPU.")
@click.option("--gpu-partition", help="slurm: partition of jobs with a GPU.")
@click.option("--gpus", type=click.IntRange(min=1), help="gpu: number of GPUs; counted if left out.")
@click.option("--force", is_flag=True, help="Replace a profile that says something else.")
def command(name: str, to: Path | None, force: bool, **values: Value | None) -> None:
    """Writes the profile NAME (slurm or gpu) to ~/.config/snakemake/NAME, where Snakemake looks for it.

    Example: bioloom profile slurm --account lab --partition cpu --gpu-partition gpu
    """
    given = {flag: value for flag, value in values.items() if value is not None}
    check_flags(name, given)
    if name == "gpu" and "gpus" not in given:
        given["gpus"] = count_gpus()
    path = (to or user_folder() / name) / "config.yaml"
    install(path, filled(name, given), force=force)
    click.echo(f"wrote {path}")
    click.echo(next_words(name, str(to or name)))


def check_flags(name: str, given: Mapping[str, Value]) -> None:
    """Raise a `BioLoomError` for an unknown profile, or for a flag that is none of its own."""
    if name not in PROFILES:
        allowed = ", ".join(PROFILES)
        raise BioLoomError(f"unknown profile '{name}'", allowed=allowed, fix=did_you_mean(name, PROFILES))
    for flag in given:
        if flag not in PROFILES[name]:
            allowed = ", ".join(_flag(known) for known in PROFILES[name])
            raise BioLoomError(f"{_flag(flag)} means nothing in the profile '{name}'", allowed=allowed)


def count_gpus() -> int:
    """Return how many GPUs of NVIDIA this machine has."""
    found = len(list(NVIDIA.iterdir())) if NVIDIA.is_dir() else 0
    if not found:
        raise BioLoomError("this machine seems to have no GPU", fix="say how many it has with --gpus")
    return found


def template(name: str) -> Path:
    """Return the profile that BioLoom ships: inside the installed package, or beside it in the repository."""
    package = Path(__file__).parents[1]
    installed = package / "_profiles" / name / "config.yaml"
    return installed if installed.is_file() else package.parent / "profiles" / name / "config.yaml"


def user_folder() -> Path:
    """Return the folder in which Snakemake looks for the profiles of a user."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "snakemake"


def filled(name: str, given: Mapping[str, Value]) -> str:
    """Return the text of a profile with the values of the flags in their lines; its comments stay."""
    text = template(name).read_text(encoding="utf-8")
    for flag, value in given.items():
        section, key = PROFILES[name][flag]
        line = rf"(\n{section}:\n(?:[ #].*\n)*? +)(?:# )?{key}: \S+"
        scalar = yaml.safe_dump(value, width=999).splitlines()[0]  # quoted where YAML needs it
        text, count = re.subn(line, lambda found: f"{found[1]}{key}: {scalar}", text, count=1)  # noqa: B023
        assert count == 1, f"the profile has no line for {_flag(flag)}"
    return text


def install(path: Path, text: str, *, force: bool) -> None:
    """Write a profile, but not over another one.

    Raises
    ------
    BioLoomError
        If another text lies there and `force` was not said.
    """
    from bioloom.volumes.atomic import write_text

    if path.is_file() and path.read_bytes() != text.encode() and not force:
        raise BioLoomError(f"{path} says something else", fix="edit it, or replace it with --force")
    write_text(path, text)


def next_words(name: str, profile: str) -> str:
    """Return what to do after the installation."""
    lines = [f"snakemake --profile {profile} --configfile my.yaml"]
    if name == "slurm":
        if find_spec("snakemake_executor_plugin_slurm") is None:
            lines.insert(0, "pip install 'bioloom[slurm]'")
        lines.insert(0, "# compare the lines of the profile marked with <- with `sinfo`; then")
    return "\n    ".join(["next:", *lines])


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
