"""The command line: ``bioloom <step>``, its shared flags, its log and how it prints errors.

Steps are imported when they are called, so that ``bioloom --help`` answers at once.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from bioloom import __version__
from bioloom.errors import BioLoomError, did_you_mean

STEPS = {
    "check": "Check a config and every file it names.",
    "preprocess": "Convert the images and labels of a pack to OME-Zarr.",
    "measure": "Measure the objects of a pack.",
    "fingerprint": "Look at the training images and settle the `auto` options.",
    "patch": "List the patches to learn from.",
    "train": "Train the network.",
    "plan": "Cut a pack into chunks and blocks.",
    "infer": "Predict one chunk.",
    "stitch": "Put the chunks of a pack together.",
    "fit": "Choose thresholds on the validation images.",
    "postprocess": "Make labels of predictions.",
    "evaluate": "Compare labels with the truth.",
    "report": "Gather the metrics and draw the report.",
    "export": "Write outputs as TIFF.",
}
COMMANDS: dict[str, str] = {}


class LazyGroup(click.Group):
    """A group that imports a command when it is used and lists them in the order of the pipeline."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the steps in pipeline order, then the other commands."""
        return [*STEPS, *COMMANDS]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import and return one command."""
        if name in STEPS:
            return import_module(f"bioloom_steps.{name}").command
        if name in COMMANDS:
            return import_module(f"bioloom.commands.{name}").command
        return None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Name the nearest command when one is mistyped."""
        if args and args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            ctx.fail(f"No such step '{args[0]}'. {did_you_mean(args[0], self.list_commands(ctx))}".strip())
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the steps from the table, importing none of them."""
        for title, table in (("Steps, in the order of the pipeline", STEPS), ("Commands", COMMANDS)):
            if table:
                with formatter.section(title):
                    formatter.write_dl(list(table.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bioloom")
def main_group() -> None:
    """Deep-learning bioimage analysis, one step at a time.

    The whole pipeline runs with `snakemake --configfile my.yaml`; every step also runs by hand.
    """


def step(name: str) -> Callable[[Callable[..., None]], click.Command]:
    """Turn a function into the click command of a pipeline step.

    The command's first help line is the one in the table of steps.
    """

    def decorate(function: Callable[..., None]) -> click.Command:
        summary = {**STEPS, **COMMANDS}[name]
        text = (function.__doc__ or "").strip()
        command = click.command(name, help=f"{summary}\n\n{text}", short_help=summary)(function)
        return command

    return decorate


def load_options(_ctx: click.Context, _param: click.Parameter, path: Path | None) -> Any:
    """Read an options file for the ``--options`` flag; without one, every option has its default."""
    from bioloom.settings import load

    return load.parse_options({}) if path is None else load.load_options(path)


existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)

options_flag = click.option(
    "--options",
    type=existing_file,
    callback=load_options,
    help="[read] options of this step (YAML), as in results/<run>/options/; the defaults if left out",
)


def resolved_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a step ``--options`` and ``--fingerprint``, and pass it `options` without any ``auto`` left."""

    @wraps(function)
    def command(options: Any, fingerprint: Path, **rest: Any) -> None:
        from bioloom.settings.resolve import read_fingerprint, resolve

        function(options=resolve(options, read_fingerprint(fingerprint)["resolved"]), **rest)

    flag = click.option(
        "--fingerprint",
        type=existing_file,
        required=True,
        help="[read] fingerprint.yaml, which settles the options left to `auto`",
    )
    return options_flag(flag(command))


def read_flag(flag: str, text: str, **more: Any) -> Callable[[Any], Any]:
    """Return a required flag for a file that the step reads."""
    kind = click.Path(exists=True, path_type=Path)
    return click.option(flag, type=kind, required=more.pop("required", True), help=f"[read] {text}", **more)


def write_flag(flag: str, text: str, **more: Any) -> Callable[[Any], Any]:
    """Return a required flag for a file that the step writes."""
    kind = click.Path(path_type=Path)
    return click.option(flag, type=kind, required=more.pop("required", True), help=f"[write] {text}", **more)


DISK_ERRORS = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EACCES: "permission denied; choose a folder that you may write to",
    errno.EROFS: "the file system is read-only; choose a folder that you may write to",
}


def main() -> None:
    """Run a command; a mistake of the user ends in one line on standard error and exit status 1."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.captureWarnings(True)
    try:
        main_group(prog_name="bioloom")
    except BioLoomError as error:
        _fail(str(error))
    except OSError as error:
        if error.errno not in DISK_ERRORS or os.environ.get("BIOLOOM_DEBUG"):
            raise
        _fail(f"{error.filename or 'writing'}: {DISK_ERRORS[error.errno]}")


def _fail(message: str) -> None:
    if os.environ.get("BIOLOOM_DEBUG"):
        raise
    click.echo(f"bioloom: error: {message}", err=True)
    sys.exit(1)
