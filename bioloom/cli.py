"""The command line: ``bioloom <step>``, its shared flags, its log and how it prints errors.

Steps are imported when they are called, so that ``bioloom --help`` answers at once.
"""

from __future__ import annotations

import errno
import logging
import math
import os
import sys
import warnings
from collections.abc import Callable, MutableMapping, Sequence
from functools import wraps
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

from bioloom import __version__
from bioloom.errors import BioLoomError, did_you_mean
from bioloom.usage import logged_usage

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
    "export": "Write outputs in other formats.",
}
COMMANDS: dict[str, str] = {
    "synthesize": "Make small pictures with labels, to try things out.",
    "bench": "Measure speed and memory on this machine.",
    "snakefile": "Print the path of the workflow.",
    "profile": "Install a Snakemake profile, for Slurm or for several GPUs.",
}


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
        text = cleandoc(function.__doc__ or "")
        body = logged_usage()(function) if name in STEPS else function
        command = click.command(name, help=f"{summary}\n\n{text}", short_help=summary)(body)
        return command

    return decorate


def load_options(_ctx: click.Context, _param: click.Parameter, path: Path | None) -> Any:
    """Read an options file for the ``--options`` flag; without one, every option has its default."""
    from bioloom.settings import load

    return load.parse_options({}) if path is None else load.load_options(path)


def load_task_options(ctx: click.Context, param: click.Parameter, path: Path) -> Any:
    """Read an options file for a step that cannot do without a task."""
    options = load_options(ctx, param, path)
    if not options.task:
        fix = "give --options of the run or its config: the task decides what this step does"
        raise BioLoomError(f"{path}: the options name no task", fix=fix)
    return options


class ExistingPath(click.ParamType):
    """A file or folder that must exist; the error says how far its path does, and what sounds alike."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path."""
        path = Path(value)
        if not path.exists():
            from bioloom.volumes.sources import missing

            raise missing(path.absolute(), param.get_error_hint(ctx).strip("'") if param else "path")
        return path


existing_path = ExistingPath()


class CountOrAuto(click.ParamType):
    """A number of something, or the word `auto`."""

    name = "number|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, or ``"auto"``."""
        if value == "auto":
            return value
        number = click.INT.convert(value, param, ctx)
        if number < 0:
            self.fail(f"got {value}; allowed: a number from 0, or auto", param, ctx)
        return number


count_or_auto = CountOrAuto()


class Amount(click.ParamType):
    """A finite number from 0."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        number: float = click.FLOAT.convert(value, param, ctx)
        if not 0 <= number < math.inf:
            self.fail(f"got {value}; allowed: a finite number from 0", param, ctx)
        return number


amount = Amount()

OPTIONS_HELP = "[read] options of this step (YAML), as in results/<run>/options/"

options_flag = click.option(
    "--options", type=existing_path, callback=load_options, help=f"{OPTIONS_HELP}; the defaults if left out"
)
task_options_flag = click.option(
    "--options",
    type=existing_path,
    callback=load_task_options,
    required=True,
    help=f"{OPTIONS_HELP}; they name the task",
)

threads_flag = click.option(
    "--threads", type=click.IntRange(min=0), default=0, help="CPU threads; 0, the default, takes all."
)


def resolved_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a step ``--options`` and ``--fingerprint``, and pass it `options` without any ``auto`` left."""

    @wraps(function)
    def command(options: Any, fingerprint: Path, **rest: Any) -> None:
        from bioloom.settings.resolve import read_fingerprint, resolve

        function(options=resolve(options, read_fingerprint(fingerprint)["resolved"]), **rest)

    flag = click.option(
        "--fingerprint",
        type=existing_path,
        required=True,
        help="[read] fingerprint.yaml, which settles the options left to `auto`",
    )
    return options_flag(flag(command))


def read_flag(flag: str, text: str, **more: Any) -> Callable[[Any], Any]:
    """Return a required flag for a file that the step reads."""
    required = more.pop("required", True)
    return click.option(flag, type=existing_path, required=required, help=f"[read] {text}", **more)


def write_flag(flag: str, text: str, **more: Any) -> Callable[[Any], Any]:
    """Return a required flag for a file that the step writes."""
    kind = click.Path(path_type=Path)
    return click.option(flag, type=kind, required=more.pop("required", True), help=f"[write] {text}", **more)


DISK_ERRORS = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EACCES: "permission denied; choose a folder that you may write to",
    errno.EPERM: "permission denied; choose a folder that you may write to",
    errno.EROFS: "the file system is read-only; choose a folder that you may write to",
    errno.EEXIST: "a file lies where a folder is needed; move it, or choose another place",
    errno.ENOTDIR: "a file lies where a folder is needed; move it, or choose another place",
    errno.EISDIR: "a folder lies where a file is needed; move it, or choose another place",
    errno.EIO: "the disk fails to read or write; look at its cable, its server or its health",
}


class LogFormat(logging.Formatter):
    """The time and the text; what is more than information says so."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        level = f"{record.levelname.lower()}: " if record.levelno > logging.INFO else ""
        return f"{self.formatTime(record, '%H:%M:%S')} {level}{record.getMessage()}"


def main(args: Sequence[str] | None = None) -> None:
    """Run a command; a mistake of the user ends in lines on standard error and exit status 1."""
    _set_up_log()
    _set_up_threads(os.environ)
    try:
        main_group(args, prog_name="bioloom")
    except BioLoomError as error:
        _fail(str(error))
    except Exception as error:
        text = disk_trouble(error)
        if text is None:
            raise
        _fail(text)


def disk_trouble(error: BaseException | None) -> str | None:
    """Return what to say about an error that the disk is behind, None if it is not.

    Libraries turn a failed write into errors of their own, so what led to the error is looked at, too.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in DISK_ERRORS:
            return f"{error.filename or 'writing'}: {DISK_ERRORS[error.errno]}"
        error = error.__cause__ or error.__context__
    return None


def _set_up_log() -> None:
    """Send log and warnings to standard error, a warning as one line without its place in the source."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogFormat())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    warnings.formatwarning = lambda message, *_args, **_more: " ".join(str(message).split())
    logging.captureWarnings(True)


def _set_up_threads(environment: MutableMapping[str, str]) -> None:
    """Let threads that wait for each other sleep soon, unless the user has a say in it.

    Threads of OpenMP spin for a while after every loop, which is fast unless others want their cores. With
    two threads on two cores and one other busy process, the training of an example made 1.1 steps/s so, 1.5
    with this number and 1.7 without spinning; on an idle machine 3.6, 3.3 and 3.1.
    """
    if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & set(environment):
        environment["GOMP_SPINCOUNT"] = "3000"


def _fail(message: str) -> None:
    if os.environ.get("BIOLOOM_DEBUG"):
        raise
    for line in message.splitlines():
        click.echo(f"bioloom: error: {line}", err=True)
    sys.exit(1)
