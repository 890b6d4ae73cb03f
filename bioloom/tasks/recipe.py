"""The plug-ins of a run: those of the config, or where it says ``auto``, those of its task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bioloom.registry import table
from bioloom.settings.config import Config
from bioloom.tasks import TASKS
from bioloom.tasks.record import Task

if TYPE_CHECKING:
    from bioloom.targets.stack import TargetStack


def task_of(config: Config) -> Task:
    """Return the record of the run's task."""
    return TASKS[config.task]


def targets_of(config: Config) -> TargetStack:
    """Return the targets, in the order of their channels."""
    from bioloom.targets.stack import TargetStack

    return TargetStack(_chosen("target", config.train.targets, task_of(config).targets))


def losses_of(config: Config) -> list[Any]:
    """Return the options of the losses; by default each target brings its own."""
    if config.train.losses != "auto":
        return list(config.train.losses)
    defaults = [
        {**loss, "target": target.options.name}
        for target in targets_of(config).targets
        for loss in target.losses
    ]
    return _chosen("loss", "auto", defaults)


def augment_of(config: Config) -> list[Any]:
    """Return the options of the augmentations, in order."""
    return _chosen("augmentation", config.augment, task_of(config).augment)


def operations_of(config: Config) -> list[Any]:
    """Return the options of the post-processing operations, in order."""
    return _chosen("operation", config.postprocess, task_of(config).postprocess)


def pass_names(config: Config) -> list[str]:
    """Return the names of the post-processing passes, in order."""
    from bioloom.postprocess.program import compile_passes

    channels = [channel.name for channel in targets_of(config).channels(2)]
    passes = compile_passes(operations_of(config), channels=channels, spacing=(1.0, 1.0))
    return [step.name for step in passes]


def metrics_of(config: Config) -> list[Any]:
    """Return the options of the metrics."""
    return _chosen("metric", config.evaluate.metrics, task_of(config).metrics)


def _chosen(kind: str, configured: Any, defaults: Sequence[Any]) -> list[Any]:
    return list(configured) if configured != "auto" else [table(kind).parse(value) for value in defaults]
