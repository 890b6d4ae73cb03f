"""Which channels each loss of a training is applied to; lists that do not suit the channels are refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.registry import table


@dataclass(frozen=True)
class Term:
    """One loss in the sum of all losses.

    Parameters
    ----------
    name : str
        ``dice``, or ``dice_foreground`` for one with a target.
    options : LossOptions
        The options of the loss.
    channels : tuple of int
        Which channels the loss is applied to, at least one.
    """

    name: str
    options: Any
    channels: tuple[int, ...]


def loss_terms(
    losses: Sequence[Any], channels: Sequence[str], groups: Collection[str] = ()
) -> tuple[Term, ...]:
    """Return the losses with their channels; nothing here imports torch.

    Parameters
    ----------
    losses : sequence
        As `LOSSES.parse` takes them: options objects, ``{"name": "dice", ...}`` or names.
    channels : sequence of str
        Names of the network's channels, in order. A target called ``flow`` owns the channel ``flow`` and
        those called ``flow-...``.
    groups : collection of str
        The targets whose channels form a softmax group.

    Raises
    ------
    BioLoomError
        For a loss whose target owns no channel, a loss listed twice, a channel that no loss reaches, a loss
        of a group or of one target on other channels, and class weights that are not one per channel.
    """
    terms: dict[str, Term] = {}
    for value in losses:
        options: Any = table("loss").parse(value)
        name = f"{options.name}_{options.target}" if options.target else options.name
        if name in terms:
            raise BioLoomError(f"train.losses: {name} is listed twice", fix="one entry with a larger weight")
        terms[name] = Term(name, options, _channels_of(options, channels))
        _check_group(terms[name], channels, groups)
        _check_target(terms[name], channels)
        check_class_weights(getattr(options, "class_weights", "none"), len(terms[name].channels))
    _check_coverage(terms.values(), channels)
    return tuple(terms.values())


def owned(target: str, channels: Sequence[str]) -> tuple[int, ...]:
    """Return which channels a target owns; no name stands for all of them."""
    return tuple(
        index
        for index, channel in enumerate(channels)
        if not target or channel == target or channel.startswith(f"{target}-")
    )


def check_class_weights(class_weights: Sequence[float] | str, count: int) -> None:
    """Raise if class weights are given, and not one for each of `count` channels."""
    if not isinstance(class_weights, str) and len(class_weights) != count:
        raise BioLoomError(
            f"train.losses: class_weights has {len(class_weights)} numbers",
            allowed=f"one per class, {count} in all",
        )


def _channels_of(options: Any, channels: Sequence[str]) -> tuple[int, ...]:
    indices = owned(options.target, channels)
    if not indices:
        raise BioLoomError(
            f"train.losses: {options.name} has the target '{options.target}', which the model does not learn",
            allowed=", ".join(channels),
            fix=did_you_mean(options.target, channels),
        )
    return indices


def _check_group(term: Term, channels: Sequence[str], groups: Collection[str]) -> None:
    if term.options.of_group and term.channels not in [owned(group, channels) for group in groups]:
        raise BioLoomError(
            f"train.losses: {term.options.name} is of one group of classes, not of {_names(term, channels)}",
            fix="name a target with classes, or take binary_cross_entropy",
        )


def _check_target(term: Term, channels: Sequence[str]) -> None:
    target = term.options.of_target
    if target and term.channels != (all_ := owned(target, channels)):
        raise BioLoomError(
            f"train.losses: {term.options.name} is of the target {target} as a whole, not of "
            f"{_names(term, channels)}",
            fix=f"target: {target}" if all_ else f"add {target} to train.targets, or take another loss",
        )


def _names(term: Term, channels: Sequence[str]) -> str:
    return ", ".join(channels[index] for index in term.channels)


def _check_coverage(terms: Collection[Term], channels: Sequence[str]) -> None:
    covered = {index for term in terms for index in term.channels}
    missing = [name for index, name in enumerate(channels) if index not in covered]
    if missing:
        raise BioLoomError(
            f"train.losses: no loss for {', '.join(missing)}, which would stay untrained",
            fix=f"add one with target: {missing[0]}, or one without a target",
        )
