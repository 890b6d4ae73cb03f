"""How long it takes until something happens: the command line, and the workflow."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import bioloom
from bioloom.commands.benchmarks.page import Row, Section
from bioloom.commands.benchmarks.rounds import Measurement, side_by_side, timed
from bioloom.commands.benchmarks.scale import Scale
from bioloom.settings import dump_yaml, load_config

GOAL = 0.3
_PACKAGE = Path(bioloom.__file__).parent
_CLI = "from bioloom.cli import main; main()"


def measure_startup(scale: Scale, config: Path) -> Section:
    """Measure ``bioloom --help``, and a dry run of the workflow."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.yaml").write_text(_absolute(config), encoding="utf-8")
        (folder / "Empty").write_text("rule all:\n    localrule: True\n", encoding="utf-8")
        found = {
            key: values["seconds"]
            for key, values in side_by_side(
                {
                    "help": _run(folder, "-c", _CLI, "--help"),
                    "python": _run(folder, "-c", "pass"),
                    "workflow": _dry_run(folder, workflow_file(), "--configfile", "config.yaml"),
                    "empty": _dry_run(folder, folder / "Empty"),
                },
                scale.rounds,
            ).items()
        }
    return Section(
        "Start-up",
        f"Whole processes, as from the shell. Turns: {scale.rounds}.",
        [
            Row(
                "`bioloom --help`",
                f"{found['help']:.2f} s",
                f"Python alone: {found['python']:.2f} s",
                found["help"] / found["python"],
                f"< {GOAL} s",
                found["help"] < GOAL,
            ),
            Row(
                "`snakemake -n` of the demo",
                f"{found['workflow']:.2f} s",
                f"of an empty workflow: {found['empty']:.2f} s",
                found["workflow"] / found["empty"],
            ),
        ],
        "" if found["help"] < GOAL else f"Slowest imports of `bioloom --help`: {_slowest_imports()}.",
    )


def _slowest_imports() -> str:
    """Return the modules that the command line takes longest to import, without what they import."""
    command = [sys.executable, "-X", "importtime", "-c", _CLI, "--help"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stderr.splitlines()
    entries = [line.removeprefix("import time:").split("|") for line in lines if line.count("|") == 2]
    times = sorted(((int(own), name.strip()) for own, _, name in entries if own.strip().isdigit()))[::-1]
    return ", ".join(f"{name} {own / 1000:.0f} ms" for own, name in times[:5])


def workflow_file() -> Path:
    """Return the Snakefile: inside the installed package, or beside the package in the repository."""
    installed = _PACKAGE / "_workflow" / "Snakefile"
    return installed if installed.is_file() else _PACKAGE.parent / "workflow" / "Snakefile"


def _absolute(config: Path) -> str:
    """Return the text of a config that means the same in any folder."""
    return dump_yaml(load_config(config).model_dump(mode="json"))


def _dry_run(folder: Path, snakefile: Path, *more: str) -> Measurement:
    return _run(folder, "-m", "snakemake", "-n", "--quiet", "--snakefile", str(snakefile), *more)


def _run(folder: Path, *arguments: str) -> Measurement:
    command = [sys.executable, *arguments]

    def measure() -> Mapping[str, float]:
        return timed(lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True))()

    return measure
