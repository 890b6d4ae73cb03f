"""The generated parts of the documents: ``python -m bioloom.commands.manual [folder]``.

What stands in code (flags of the steps, entries of the tables of plug-ins) is not written a second time. Text
between ``<!-- generated: NAME -->`` and ``<!-- end -->`` is replaced; all the rest is written by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import click

import bioloom
from bioloom.augment import AUGMENTATIONS
from bioloom.augment.options import SpatialOptions
from bioloom.cli import STEPS, main_group
from bioloom.errors import BioLoomError
from bioloom.geometry.arithmetic import account
from bioloom.geometry.explain import explain
from bioloom.geometry.grid import PatchGrid, plan_blocks, plan_chunks
from bioloom.infer.demand import demand_of
from bioloom.losses import LOSSES
from bioloom.models import MODELS
from bioloom.models.build import build_model, parameter_count
from bioloom.postprocess import OPERATIONS
from bioloom.postprocess.program import compile_passes
from bioloom.registry import Registry
from bioloom.settings.load import parse_options
from bioloom.settings.reference import fill, table
from bioloom.settings.schema import options_schema
from bioloom.targets import TARGETS
from bioloom.targets.stack import TargetStack
from bioloom.tasks import TASKS
from bioloom.volumes.atomic import write_text

BEGINNINGS = {"labels": "watershed", "classes": "argmax", "points": "peaks"}
"""For every product an operation that makes it of a prediction, for others to work on."""
WIDTHS = [16, 32, 64, 128, 256]
"""Channels per level of the networks whose parameters are counted."""
EXAMPLE = Path(bioloom.__file__).parents[1] / "tests" / "workflow" / "embedding"
"""The larger workflow that is shown, and run by the tests."""
ARGUMENTS = {"packs": ("", "ids of the packs"), "config": ("reads", "the config (YAML)")}
"""Direction and meaning of the arguments without a flag."""


def steps_text() -> str:
    """Return a section for each step: what it does, its flags, an example."""
    return "\n\n".join(f"### `bioloom {name}`\n\n{step_text(name)}" for name in STEPS)


def step_text(name: str) -> str:
    """Return the section of one step, without its heading."""
    command = main_group.get_command(click.Context(main_group), name)
    assert command is not None, name
    words, _, example = (command.help or "").partition("Example: ")
    rows = [_flag(parameter) for parameter in command.params if parameter.name != "help"]
    lines = " \\\n    ".join(example_lines(example))
    return "\n\n".join(
        [" ".join(words.split()), table(("flag", "reads, writes", "meaning"), rows), f"```bash\n{lines}\n```"]
    )


def example_lines(example: str) -> list[str]:
    """Return a command as lines: the step, each flag with its value, the other arguments."""
    step, *flags = re.split(r" (?=--)", " ".join(example.split()))
    if not flags:
        return [step]
    flag, value, *others = flags.pop().split(" ", 2)
    return [step, *flags, f"{flag} {value}", *others]


def _flag(parameter: click.Parameter) -> tuple[str, str, str]:
    """Return name, direction and meaning of a flag; the direction stands in brackets before its help."""
    if isinstance(parameter, click.Argument):
        return f"`{str(parameter.name).upper()}`", *ARGUMENTS[str(parameter.name)]
    flag = f"`{parameter.opts[0]}`" + ("" if parameter.required else " (optional)")
    # what stands in angle brackets would be taken for HTML
    text = re.sub(r"\S*<\w+>[^\s;,]*", r"`\g<0>`", getattr(parameter, "help", None) or "")
    for mark, direction in (("[read] ", "reads"), ("[write] ", "writes")):
        if text.startswith(mark):
            return flag, direction, text.removeprefix(mark)
    return flag, "", text


def plan_text() -> str:
    """Return the arithmetic of a plan for a made-up volume."""
    sides = {"patch_size": [32, 96, 96], "chunk": [5, 5, 5], "block": [256, 256, 256], "halo": [32, 32, 32]}
    values = {"task": "instance_segmentation", "infer": {**sides, "batch_size": 2}}
    demand = demand_of(parse_options(values), 1)
    shape, chunk, block = (512, 2048, 2048), (5, 5, 5), (256, 256, 256)
    grids = {"predict_brain": PatchGrid.of(shape, sides["patch_size"], (8, 24, 24))}
    found = account(grids, plan_chunks(grids, chunk), plan_blocks({"predict_brain": shape}, block), demand)
    return f"```text\n{explain(found, grids['predict_brain'], chunk, demand)}\n```"


def targets_text() -> str:
    """Return the table of targets."""
    rows = []
    for name, make in TARGETS.items():
        target = make(TARGETS.parse(name))
        losses = ", ".join(loss["name"] for loss in target.losses)
        channels = target.channels(3)
        names = ", ".join(_shortened([channel.name for channel in channels]))
        activations = ", ".join(dict.fromkeys(channel.activation for channel in channels))
        rows.append((f"`{name}`", _summary(TARGETS, name), names, activations, losses))
    return table(("target", "what it is", "channels", "activation", "losses"), rows)


def _shortened(names: Sequence[str]) -> Sequence[str]:
    """Return long lists of names without their middle."""
    return names if len(names) < 12 else [*names[:3], "...", names[-1]]


def operations_text() -> str:
    """Return the table of post-processing operations with the passes that each adds."""
    channels = [channel.name for channel in TargetStack(map(TARGETS.parse, TARGETS)).channels(2)]

    def count(operations: list[str], product: str) -> int:
        made = compile_passes(operations, channels=channels, spacing=(1.0, 1.0), product=product)
        # the last pass, which writes labels or classes, belongs to no operation
        return len(made) if product == "points" else len(made) - 1

    rows = []
    for name in OPERATIONS:
        with suppress(BioLoomError):  # only filters of predictions may come before the first operation
            passes = count([name, "watershed"], "labels") - count(["watershed"], "labels")
            rows.append((f"`{name}`", _summary(OPERATIONS, name), "predictions", str(passes)))
        for product, first in BEGINNINGS.items():
            for before in ([], [first]):
                with suppress(BioLoomError):  # an operation that makes or works on something else
                    passes = count([*before, name], product) - (count(before, product) if before else 0)
                    rows.append((f"`{name}`", _summary(OPERATIONS, name), product, str(passes)))
    return table(("operation", "what it does", "makes", "passes"), rows)


def recipes_text(task: str) -> str:
    """Return the table of the recipes of a task."""
    rows = []
    for name, recipe in TASKS[task].recipes.items():
        learned = ", ".join(f"`{target['name']}`" for target in recipe.targets)
        rows.append((f"`{name}`", learned, f"`{recipe.postprocess[0]['name']}`", recipe.when))
    return table(("recipe", "learns", "makes objects by", "when to use it"), rows)


def models_text() -> str:
    """Return the table of models with their numbers of parameters."""
    rows = []
    for name in MODELS:
        counts = (
            parameter_count(build_model({"name": name, "feature_maps": WIDTHS}, 1, 1, n)) for n in (2, 3)
        )
        rows.append((f"`{name}`", _summary(MODELS, name), *(f"{count:,}" for count in counts)))
    return table(("model", "what it is", "parameters in 2D", "parameters in 3D"), rows)


def losses_text() -> str:
    """Return the table of losses."""
    return table(("loss", "what it is"), [(f"`{name}`", _summary(LOSSES, name)) for name in LOSSES])


def augmentations_text() -> str:
    """Return the table of augmentations with their kind and default probability."""
    rows = []
    for name in AUGMENTATIONS:
        options: Any = AUGMENTATIONS.options(name)
        kind = "spatial" if issubclass(options, SpatialOptions) else "intensity"
        default = options.model_fields["probability"].default
        rows.append((f"`{name}`", _summary(AUGMENTATIONS, name), kind, f"{default:g}"))
    return table(("augmentation", "what it does", "kind", "probability"), rows)


def file_text(name: str) -> str:
    """Return a file of the example as a block of code, with its name above it."""
    language = {".yaml": "yaml", ".csv": "text"}.get(Path(name).suffix, "python")
    return f'```{language} title="{name}"\n{(EXAMPLE / name).read_text(encoding="utf-8")}```'


def _summary(plugins: Registry, name: str) -> str:
    """Return the first paragraph that the options class of a plug-in says about it."""
    return str(options_schema(plugins.options(name)).get("description", "")).split("\n\n")[0]


PAGES: dict[str, dict[str, Callable[[], str]]] = {
    "steps.md": {"plan": plan_text, "steps": steps_text},
    "targets.md": {"targets": targets_text},
    "postprocess.md": {"operations": operations_text},
    "instance_segmentation.md": {"recipes": partial(recipes_text, "instance_segmentation")},
    "models.md": {"models": models_text, "losses": losses_text},
    "augmentation.md": {"augmentations": augmentations_text},
    "embedding.md": {
        name: partial(file_text, name)
        for name in ("Snakefile", "lab.yaml", "samples.csv", "acquire.smk", "compare.py", "one_rule.smk")
    },
}
"""The generated parts of every page, by their names."""


def renewed(folder: Path, page: str) -> str:
    """Return the text of a page with its generated parts renewed."""
    blocks = {name: function() for name, function in PAGES[page].items()}
    return fill((folder / page).read_text(encoding="utf-8"), blocks)


if __name__ == "__main__":
    docs = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    for title in PAGES:
        write_text(docs / title, renewed(docs, title))
