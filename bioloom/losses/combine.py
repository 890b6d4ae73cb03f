"""Several losses on several channels as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.losses import LOSSES


class CombinedLoss:
    """The weighted sum of losses, each on the channels of its target.

    Parameters
    ----------
    losses : sequence
        As `LOSSES.parse` takes them: options objects, ``{"name": "dice", ...}`` or names.
    channels : sequence of str
        Names of the network's channels, in order. A target called ``flow`` owns the channel ``flow`` and
        those called ``flow-...``.

    Raises
    ------
    BioLoomError
        For a loss whose target owns no channel, a loss listed twice, and a channel that no loss reaches.
    """

    def __init__(self, losses: Sequence[Any], channels: Sequence[str]) -> None:
        self.channels = tuple(channels)
        self._terms: dict[str, tuple[Any, list[int], float]] = {}
        for value in losses:
            options: Any = LOSSES.parse(value)
            name = f"{options.name}_{options.target}" if options.target else options.name
            if name in self._terms:
                raise BioLoomError(
                    f"train.losses: {name} is listed twice", fix="one entry with a larger weight"
                )
            indices = _channels_of(options.target, self.channels, options.name)
            self._terms[name] = (LOSSES[options.name](options), indices, options.weight)
        self._check_coverage()

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
        parts = {
            name: loss(*(_select(array, indices) for array in (logits, target, weight)))
            for name, (loss, indices, _) in self._terms.items()
        }
        total = torch.stack([factor * parts[name] for name, (_, _, factor) in self._terms.items()]).sum()
        return total, {name: part.detach() for name, part in parts.items()}

    def _check_coverage(self) -> None:
        covered = {index for _, indices, _ in self._terms.values() for index in indices}
        missing = [name for index, name in enumerate(self.channels) if index not in covered]
        if missing:
            raise BioLoomError(
                f"train.losses: no loss for {', '.join(missing)}, which would stay untrained",
                fix=f"add one with target: {missing[0]}, or one without a target",
            )


def _select(array: Tensor, indices: list[int]) -> Tensor:
    """Return some channels, as a view where that is possible: copying a batch takes as long as a loss."""
    if indices == list(range(indices[0], indices[-1] + 1)):
        return array[:, indices[0] : indices[-1] + 1]
    return array[:, indices]


def _channels_of(target: str, channels: Sequence[str], loss: str) -> list[int]:
    owned = [
        index
        for index, channel in enumerate(channels)
        if not target or channel == target or channel.startswith(f"{target}-")
    ]
    if not owned:
        raise BioLoomError(
            f"train.losses: {loss} has the target '{target}', which the model does not learn",
            allowed=", ".join(channels),
            fix=did_you_mean(target, channels),
        )
    return owned
