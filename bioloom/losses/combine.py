"""Several losses on several channels as one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import torch
from torch import Tensor

from bioloom.losses import LOSSES
from bioloom.losses.weighting import against_the_others
from bioloom.tasks.loss_terms import loss_terms, owned


class CombinedLoss:
    """The weighted sum of losses, each on the channels of its target.

    Parameters
    ----------
    losses : sequence
        As `LOSSES.parse` takes them: options objects, ``{"name": "dice", ...}`` or names.
    channels : sequence of str
        Names of the network's channels, in order. A target called ``flow`` owns the channel ``flow`` and
        those called ``flow-...``.
    groups : collection of str
        The targets whose channels form a softmax group. A loss `of_group` sees its raw values; any other sees
        each channel against the rest, see `bioloom.losses.weighting.against_the_others`.

    Raises
    ------
    BioLoomError
        For losses that do not suit the channels, see `bioloom.tasks.loss_terms.loss_terms`.
    """

    def __init__(self, losses: Sequence[Any], channels: Sequence[str], groups: Collection[str] = ()) -> None:
        self._groups = [list(owned(group, channels)) for group in groups]
        self._terms = {term.name: term for term in loss_terms(losses, channels, groups)}
        self._losses = {name: LOSSES[term.options.name](term.options) for name, term in self._terms.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the losses: ``dice``, or ``dice_foreground`` for one with a target."""
        return tuple(self._terms)

    def __call__(self, logits: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute the total and every part.

        Parameters
        ----------
        logits, target, weight : Tensor, (N, len(channels), *spatial)
            Raw network values, wanted values, weights of the voxels.

        Returns
        -------
        total : Tensor, scalar, float32
            Sum of all losses, each times its weight.
        parts : dict of str to Tensor
            The loss by name, without its weight, detached.
        """
        told_apart = self._told_apart(logits)
        parts = {}
        for name, term in self._terms.items():
            raw = logits if term.options.of_group else told_apart
            parts[name] = self._losses[name](*(_select(a, term.channels) for a in (raw, target, weight)))
        total = torch.stack([term.options.weight * parts[name] for name, term in self._terms.items()]).sum()
        return total, {name: part.detach() for name, part in parts.items()}

    def _told_apart(self, logits: Tensor) -> Tensor:
        """Return the logits, those of softmax groups against the rest of their group."""
        if not self._groups or all(term.options.of_group for term in self._terms.values()):
            return logits
        apart = list(logits.float().unbind(1))
        for group in self._groups:
            for index, values in zip(
                group, against_the_others(logits[:, group].float()).unbind(1), strict=True
            ):
                apart[index] = values
        return torch.stack(apart, 1)


def _select(array: Tensor, indices: Sequence[int]) -> Tensor:
    """Return some channels, as a view where that is possible: copying a batch takes as long as a loss."""
    if indices[-1] - indices[0] == len(indices) - 1:  # they rise
        return array[:, indices[0] : indices[-1] + 1]
    return array[:, list(indices)]
