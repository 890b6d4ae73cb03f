"""``bioloom report``: gather the metrics and draw the report."""

from __future__ import annotations

from pathlib import Path

import click

from bioloom.cli import options_flag, read_flag, step
from bioloom.settings.config import Config


@step("report")
@options_flag
@read_flag("--run", "folder of the run; metrics.csv, summary.csv, report.html and figures/ are written there")
@click.argument("packs", nargs=-1)
def command(options: Config, run: Path, packs: tuple[str, ...]) -> None:
    """PACKS are those that were evaluated.

    Example: bioloom report --options results/demo/options/report.yaml --run results/demo test_tile-11
    """
    from bioloom.evaluate.pool import pool
    from bioloom.report.assemble import write_report
    from bioloom.volumes.tables import METRICS, SUMMARY, read_table, write_table

    if packs:
        metrics, summary = pool(read_table(run / "metrics" / f"{pack}.csv", METRICS) for pack in packs)
        write_table(run / "metrics.csv", metrics, METRICS)
        write_table(run / "summary.csv", summary, SUMMARY)
    shown = {"run": True, "task": True, "report": True, "evaluate": {"baseline"}}
    write_report(run, options.model_dump(mode="json", include=shown))
