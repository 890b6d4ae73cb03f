"""``bioloom snakefile``: print the path of the workflow."""

from __future__ import annotations

import click

import bioloom
from bioloom.cli import step


@step("snakefile")
def command() -> None:
    """For `snakemake --snakefile "$(bioloom snakefile)" --configfile my.yaml` with an installed BioLoom.

    Example: bioloom snakefile
    """
    click.echo(bioloom.snakefile())
