"""``bioloom bench``: measure speed and memory on this machine."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from bioloom.cli import step


@step("bench")
@click.argument("page", type=click.Path(path_type=Path))
@click.option(
    "--config",
    type=click.Path(exists=True, path_type=Path),
    default=Path("config/config.yaml"),
    show_default=True,
    help="[read] config whose images feed the training: the demo's",
)
@click.option("--quick", is_flag=True, help="Tiny sizes, to see that it works; the numbers mean nothing.")
def command(page: Path, config: Path, quick: bool) -> None:
    """Writes PAGE, a table of ratios: BioLoom beside plain PyTorch, a large image beside a small one.

    Leave the machine alone meanwhile; it takes about five minutes.

    Example: bioloom bench docs/benchmarks.md
    """
    from bioloom.commands.benchmarks.feeding import measure_feeding
    from bioloom.commands.benchmarks.page import render
    from bioloom.commands.benchmarks.scale import FULL, QUICK
    from bioloom.commands.benchmarks.stages import measure_stages
    from bioloom.commands.benchmarks.startup import measure_startup
    from bioloom.commands.benchmarks.training import measure_training, precision_here
    from bioloom.volumes.atomic import write_text

    scale = QUICK if quick else FULL
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
