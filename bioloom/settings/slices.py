"""Which part of the config each step receives: what a step does not receive cannot make it run again."""

from __future__ import annotations

from typing import Any

from bioloom.settings.config import Config

STEP_KEYS: dict[str, tuple[str, ...]] = {
    "preprocess": ("task", "data.axes", "data.voxel_size", "data.classes", "data.ignore", "preprocess"),
    "measure": ("task",),
    "fingerprint": (
        "task",
        "data.classes",
        "data.ignore",
        "patch.size",
        "model",
        "train.targets",
        "train.steps",
        "train.batch_size",
        "train.validate_every",
    ),
    "patch": ("task", "data.classes", "patch.size"),
    "train": (
        "task",
        "data.classes",
        "data.ignore",
        "preprocess",
        "patch.size",
        "patch.foreground_share",
        "augment",
        "model",
        "train",
    ),
    # the task and its targets only for --explain; the network is trained anew for others anyway
    "plan": (
        "task",
        "data.classes",
        "train.targets",
        "patch.overlap",
        "infer.patch_size",
        "infer.chunk",
        "infer.block",
    ),
    "infer": (
        "patch.overlap",
        "infer.patch_size",
        "infer.orientations",
        "infer.combine",
        "infer.batch_size",
        "infer.precision",
    ),
    "stitch": ("patch.overlap", "infer.patch_size"),
    "fit": ("task", "train.targets", "postprocess"),
    "postprocess": ("task", "postprocess", "infer.halo"),
    "evaluate": ("task", "data.ignore", "evaluate"),
    "report": ("run", "task", "report.title", "report.images", "evaluate.baseline", "evaluate.metrics"),
    "export": ("report.export",),
}
"""For every step the sections and options it receives."""

MACHINE_KEYS = ("train.device", "train.workers", "train.memory_gb", "infer.device")
"""Options about the machine: they change no result, so no step may run again because of them."""


def step_options(config: Config, step: str) -> dict[str, Any]:
    """Return the part of `config` that `step` receives, as plain values with all defaults filled in."""
    values = config.model_dump(mode="json")
    for key in MACHINE_KEYS:
        section, option = key.split(".")
        del values[section][option]
    chosen: dict[str, Any] = {}
    for key in STEP_KEYS[step]:
        section, _, option = key.partition(".")
        if option:
            chosen.setdefault(section, {})[option] = values[section][option]
        else:
            chosen[section] = values[section]
    return chosen


def machine_options(config: Config, section: str) -> dict[str, Any]:
    """Return the options about the machine of ``"train"`` or ``"infer"``, to be passed as flags."""
    names = (key.split(".") for key in MACHINE_KEYS)
    return {option: getattr(getattr(config, owner), option) for owner, option in names if owner == section}
