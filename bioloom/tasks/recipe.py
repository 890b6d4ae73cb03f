"""The plug-ins of a run: those of the config, or where it says ``auto``, those of its task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from bioloom.errors import BioLoomError
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
    """Return the targets, in the order of their channels; one that asks for classes gets the data's."""
    from bioloom.targets.stack import TargetStack

    chosen = _chosen("target", config.train.targets, task_of(config).targets)
    classes = {"classes": _ids_of(config)}
    asking = (getattr(options, "classes", None) == "auto" for options in chosen)
    return TargetStack(
        options.model_copy(update=classes) if asks else options
        for options, asks in zip(chosen, asking, strict=True)
    )


def _ids_of(config: Config) -> list[int] | str:
    """Return the ids of classes that a target tells apart; objects are never of class 0, the background."""
    ids = config.data.classes
    objects = task_of(config).truth == "objects"
    return [id_ for id_ in ids if id_] if objects and not isinstance(ids, str) else ids


def check_classes_known(targets: TargetStack) -> None:
    """Raise if a target learns classes, and neither the config nor the labels say which there are."""
    for target in targets.targets:
        if getattr(target.options, "classes", None) == "auto":
            raise BioLoomError(
                f"train.targets: {target.options.name} learns classes, and the training labels tell none",
                fix="give data.train.classes, the classes of the objects, or leave the target out",
            )


def with_classes(config: Config, facts: Mapping[str, Any]) -> Config:
    """Return the config with the classes of the fingerprint where it leaves them to ``auto`` or ``all``."""
    if config.data.classes == "auto" and "classes" in facts:
        data = config.data.model_copy(update={"classes": list(facts["classes"])})
        return config.model_copy(update={"data": data})
    if names := tuple(sorted(facts.get("class_objects", {}))):
        chosen = _chosen("target", config.train.targets, task_of(config).targets)
        targets = [
            options.model_copy(update={"classes": names})
            if getattr(options, "classes", None) == "all"
            else options
            for options in chosen
        ]
        return config.model_copy(update={"train": config.train.model_copy(update={"targets": targets})})
    return config


def losses_of(config: Config, facts: Mapping[str, Any] | None = None) -> list[Any]:
    """Return the options of the losses; by default each target brings its own.

    With the `facts` of the fingerprint, weights of classes that are left to ``auto`` are filled in.

    Raises
    ------
    BioLoomError
        If they are, and the training labels tell no classes.
    """
    defaults = [
        {"target": target.options.name, **loss}
        for target in targets_of(config).targets
        for loss in target.losses
    ]
    losses = _chosen("loss", config.train.losses, defaults)
    weights = (facts or {}).get("class_weights")
    if weights is None:
        left = [loss.name for loss in losses if getattr(loss, "class_weights", None) == "auto"]
        if facts is not None and left:
            raise BioLoomError(
                f"train.losses: {left[0]} has class_weights: auto, and the training labels tell no classes",
                fix="leave class_weights out",
            )
        return losses
    return [
        loss.model_copy(update={"class_weights": list(weights.values())})
        if getattr(loss, "class_weights", None) == "auto"
        else loss
        for loss in losses
    ]


def augment_of(config: Config) -> list[Any]:
    """Return the options of the augmentations, in order."""
    return _chosen("augmentation", config.augment, task_of(config).augment)


def operations_of(config: Config) -> list[Any]:
    """Return the options of the post-processing operations, in order."""
    return _chosen("operation", config.postprocess, task_of(config).postprocess)


def pass_names(config: Config) -> list[str]:
    """Return the names of the post-processing passes, in order."""
    try:
        return names_of_passes(config, 2)
    except BioLoomError:  # some options make sense in 3D only; the names are the same
        with suppress(BioLoomError):
            return names_of_passes(config, 3)
        raise


def names_of_passes(config: Config, ndim: int, axes: int = 0) -> list[str]:
    """Return the names of the passes; `axes` where images have other spatial axes than the network learns."""
    from bioloom.postprocess.program import compile_passes

    channels = [channel.name for channel in targets_of(config).channels(ndim)]
    passes = compile_passes(
        operations_of(config),
        channels=channels,
        spacing=(1.0,) * (axes or ndim),
        learned_axes=ndim,
        product=task_of(config).product,
    )
    return [step.name for step in passes]


def fitted(config: Config) -> bool:
    """Return whether an operation asks for a threshold that is chosen on the validation images."""
    return any("fit" in options.model_dump().values() for options in operations_of(config))


def metrics_of(config: Config) -> list[Any]:
    """Return the options of the metrics."""
    return _chosen("metric", config.evaluate.metrics, task_of(config).metrics)


def _chosen(kind: str, configured: Any, defaults: Sequence[Any]) -> list[Any]:
    return list(configured) if configured != "auto" else [table(kind).parse(value) for value in defaults]
