"""What is wrong about the plug-ins of a run before any image is read: all of it told at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from bioloom.errors import BioLoomError, MistakesError
from bioloom.settings.config import Config
from bioloom.settings.sides import check_patch
from bioloom.tasks.loss_terms import loss_terms
from bioloom.tasks.recipe import losses_of, names_of_passes, pass_names, targets_of

if TYPE_CHECKING:
    from bioloom.targets.base import Target
    from bioloom.targets.stack import TargetStack


def check_plugins(config: Config, *, planes: bool = False) -> None:
    """Raise if the plug-ins of a run do not suit each other, with all that is wrong.

    Parameters
    ----------
    config : Config
        The config.
    planes : bool
        Whether a network that learns from planes is to predict volumes.
    """
    checks: list[Callable[[Config], None]] = [check_operations, check_losses, check_patches]
    lines: list[str] = []
    for check in [*checks, check_planes] if planes else checks:
        try:
            check(config)
        except BioLoomError as error:
            lines += [line for line in str(error).splitlines() if line not in lines]
    if lines:
        raise MistakesError(lines)


def check_operations(config: Config) -> None:
    """Raise if the operations do not suit the channels of the prediction or do not end in the task's product.

    Where the training images say which classes there are, it cannot be known yet.
    """
    if not any(map(_learns_unknown_classes, targets_of(config).targets)):
        pass_names(config)


def check_planes(config: Config) -> None:
    """Raise if the operations make nothing of volumes that a network of planes predicts plane by plane."""
    if not any(map(_learns_unknown_classes, targets_of(config).targets)):
        names_of_passes(config, 2, axes=3)


def check_losses(config: Config) -> None:
    """Raise if the losses do not suit the channels that the network learns, see `loss_terms`.

    Where the training images say which classes there are, what can be known is checked: not whether the
    channels that losses name are there, nor how many weights of classes there must be.
    """
    losses, targets = losses_of(config), targets_of(config)
    if any(map(_learns_unknown_classes, targets.targets)):
        losses = [
            loss.model_copy(update={"class_weights": "none"}) if hasattr(loss, "class_weights") else loss
            for loss in losses
        ]
    try:
        loss_terms(losses, _supposed_channels(targets, losses, 2), targets.groups)
    except BioLoomError:  # some channels are there in 3D only
        with suppress(BioLoomError):
            loss_terms(losses, _supposed_channels(targets, losses, 3), targets.groups)
            return
        raise


def check_patches(config: Config) -> None:
    """Raise if patches do not suit the poolings, where both are given; the fingerprint settles the rest."""
    check_patch("patch.size", config.patch.size, config.model.pooling)
    check_patch("infer.patch_size", config.infer.patch_size, config.model.pooling)


def _supposed_channels(targets: TargetStack, losses: Sequence[Any], ndim: int) -> list[str]:
    """Return the names of the channels; of classes that nobody knows yet, those that losses name."""
    names: list[str] = []
    for target in targets.targets:
        known = [channel.name for channel in target.channels(ndim)]
        named = [loss.target for loss in losses if loss.target.startswith(f"{target.options.name}-")]
        supposed = list(dict.fromkeys(named)) if _learns_unknown_classes(target) else []
        names += supposed or known
    return names


def _learns_unknown_classes(target: Target) -> bool:
    """Return whether only the training images say which classes a target tells apart."""
    return getattr(target.options, "classes", None) in ("auto", "all")
