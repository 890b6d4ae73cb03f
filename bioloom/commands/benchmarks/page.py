"""The page of results, Markdown."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = ("bioloom", "torch", "numpy", "zarr", "scikit-image", "snakemake")

INTRODUCTION = """# Benchmarks

Written by `bioloom bench` (`make bench`). What is compared is measured side by side in one run, in turns
(A B A B ...), and is the median of all turns. Ratios travel from one machine to another; seconds do not.
"""


@dataclass(frozen=True)
class Row:
    """One comparison.

    Parameters
    ----------
    what : str
        What is measured.
    value, reference : str
        The quantity, and what it is compared with; with units.
    ratio : float, optional
        Of the two.
    goal : str
        What is aimed at; empty if nothing is.
    met : bool
        Whether the goal is reached.
    """

    what: str
    value: str
    reference: str
    ratio: float | None = None
    goal: str = ""
    met: bool = True

    def cells(self) -> tuple[str, ...]:
        """Return the cells of the table's row."""
        ratio = (
            "" if self.ratio is None else f"{self.ratio:.2f}" if self.ratio >= 0.1 else f"{self.ratio:.2g}"
        )
        goal = f"{self.goal}: {'reached' if self.met else '**missed**'}" if self.goal else ""
        return self.what, self.value, self.reference, ratio, goal


@dataclass(frozen=True)
class Section:
    """A table with a sentence or two before and after it.

    Parameters
    ----------
    title, before : str
        Heading, and what was done.
    rows : sequence of Row
        The comparisons.
    after : str
        What explains the numbers, itself measured.
    """

    title: str
    before: str
    rows: Sequence[Row]
    after: str = ""

    def text(self) -> str:
        """Return the section as Markdown."""
        header = ("", "measured", "compared with", "ratio", "goal")
        lines = [header, ("---",) * len(header), *(row.cells() for row in self.rows)]
        table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        return "\n\n".join(part for part in (f"## {self.title}", self.before, table, self.after) if part)


def render(sections: Iterable[Section], precision: str) -> str:
    """Return the whole page; `precision` is what ``auto`` stands for on this machine."""
    return "\n\n".join([INTRODUCTION.rstrip(), _machine(precision), *(s.text() for s in sections)]) + "\n"


def _machine(precision: str) -> str:
    cores = psutil.cpu_count(logical=True)
    memory = psutil.virtual_memory().total / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"Machine: {_processor()}, {cores} cores, {memory:.0f} GiB of memory, {platform.system()}. "
        f"Precision `auto` stands for {precision}.\n\n"
        f"Versions: Python {platform.python_version()}, {versions}."
    )


def _processor() -> str:
    """Return the model of the processor; the standard library knows it on some systems only."""
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        for line in facts.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
