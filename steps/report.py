"""``bioloom report``: gather the metrics and draw the report."""

from __future__ import annotations

from pathlib import Path

import click

from bioloom.cli import options_flag, read_flag, step
from bioloom.settings.config import Config


@step("report")
@options_flag
@read_flag("--run", "folder of the run; metrics.csv, summary.csv, report.html and figures/ are written there")
@click.option(
    "--pack",
    "shown",
    multiple=True,
    help="a pack of the run beside PACKS, to be repeated; without any, all images there are reported",
)
@click.argument("packs", nargs=-1)
def command(options: Config, run: Path, shown: tuple[str, ...], packs: tuple[str, ...]) -> None:
    """PACKS are those that were evaluated; without any, scores that lie in the folder are not looked at.

    Example: bioloom report --options results/demo/options/report.yaml --run results/demo test_tile-11
    """
    from bioloom.evaluate.pool import pool
    from bioloom.report.assemble import write_report
    from bioloom.volumes.tables import METRICS, SUMMARY, read_table, write_table

    if packs:
        metrics, summary = pool(read_table(run / "metrics" / f"{pack}.csv", METRICS) for pack in packs)
        write_table(run / "metrics.csv", metrics, METRICS)
        write_table(run / "summary.csv", summary, SUMMARY)
    keys = {"run": True, "task": True, "report": True, "evaluate": {"baseline", "metrics"}}
    config = options.model_dump(mode="json", include=keys)
    write_report(
        run, config, packs=tuple(dict.fromkeys((*shown, *packs))) if shown else None, scored=bool(packs)
    )
