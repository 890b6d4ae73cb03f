"""``bioloom bench``: measure speed and memory on this machine."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioloom.cli import step
from bioloom.errors import BioLoomError

if TYPE_CHECKING:
    from bioloom.commands.benchmarks.scale import Scale


@step("bench")
@click.argument("page", type=click.Path(path_type=Path))
@click.option(
    "--config",
    type=click.Path(exists=True, path_type=Path),
    default=Path("config/config.yaml"),
    show_default=True,
    help="[read] config whose images feed the training: the demo's",
)
@click.option("--growth", is_flag=True, help="Renew the tables of memory in PAGE instead, which must exist.")
@click.option("--quick", is_flag=True, help="Tiny sizes, to see that it works; the numbers mean nothing.")
def command(page: Path, config: Path, growth: bool, quick: bool) -> None:
    """Writes PAGE, a table of ratios: BioLoom beside plain PyTorch, a large image beside a small one.

    Leave the machine alone meanwhile; it takes about five minutes. With --growth, every stage runs on a
    volume of 21 million voxels, on 8 and on 64 times as many: an hour, and 15 GB for temporary files.

    Example: bioloom bench docs/benchmarks.md
    """
    from bioloom.commands.benchmarks.scale import FULL, QUICK

    scale = QUICK if quick else FULL
    if growth:
        if not page.is_file():
            raise BioLoomError(
                f"there is no page {page} to renew", fix="give docs/scaling.md or a copy of it"
            )
        renew_growth(page, scale)
    else:
        write_page(page, config, scale)


def renew_growth(page: Path, scale: Scale) -> None:
    """Measure memory as an image grows and renew these parts of a page."""
    from bioloom.commands.benchmarks.growth import measure_growth
    from bioloom.settings.reference import fill
    from bioloom.volumes.atomic import write_text

    text = page.read_text(encoding="utf-8")
    write_text(page, fill(text, measure_growth(scale.volume, scale.factors)))


def write_page(page: Path, config: Path, scale: Scale) -> None:
    """Measure everything else and write the page."""
    from bioloom.commands.benchmarks.feeding import measure_feeding
    from bioloom.commands.benchmarks.page import render
    from bioloom.commands.benchmarks.stages import measure_stages
    from bioloom.commands.benchmarks.startup import measure_startup
    from bioloom.commands.benchmarks.training import measure_training, precision_here
    from bioloom.volumes.atomic import write_text

    sections = []
    for what, measure in (
        ("start-up", lambda: measure_startup(scale, config)),
        ("training and inference", lambda: measure_training(scale)),
        ("feeding the training", lambda: measure_feeding(scale, config)),
        ("before and after the network", lambda: measure_stages(scale)),
    ):
        logging.info("measuring: %s", what)
        sections.append(measure())
    write_text(page, render(sections, precision_here().name))
