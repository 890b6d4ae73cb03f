"""``bioloom check``: check a config and every file that it names."""

from __future__ import annotations

from pathlib import Path

import click

from bioloom.cli import existing_path, step
from bioloom.errors import MistakesError


@step("check")
@click.argument("config", type=existing_path)
@click.option("--quick", is_flag=True, help="Look at the headers of the files only, not at every voxel.")
def command(config: Path, quick: bool) -> None:
    """Reads CONFIG and the images and labels that it names; writes nothing. Tells all mistakes at once, one
    line each, or what will happen.

    Example: bioloom check config/config.yaml
    """
    from bioloom.preprocess.check import check_run
    from bioloom.preprocess.overview import overview
    from bioloom.tasks.checks import check_plugins

    checked = check_run(config, values=not quick)
    if checked.config is not None:
        with checked.noting():
            check_plugins(checked.config, planes=checked.by_planes)
    if checked.mistakes:
        raise MistakesError(checked.mistakes)
    click.echo(overview(checked, str(config)))
