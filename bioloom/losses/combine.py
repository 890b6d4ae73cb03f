"""Several losses on several channels as one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import torch
from torch import Tensor

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.losses import LOSSES
from bioloom.losses.weighting import against_the_others


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
        For a loss whose target owns no channel, a loss listed twice, a channel that no loss reaches, and a
        loss of a group on other channels.
    """

    def __init__(self, losses: Sequence[Any], channels: Sequence[str], groups: Collection[str] = ()) -> None:
        self.channels = tuple(channels)
        self._groups = [
            [i for i, name in enumerate(channels) if name.startswith(f"{group}-")] for group in groups
        ]
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
            self._check_group(options, indices)
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
        told_apart = self._told_apart(logits)
        parts = {
            name: loss(
                *(
                    _select(array, indices)
                    for array in (logits if _of_group(loss) else told_apart, target, weight)
                )
            )
            for name, (loss, indices, _) in self._terms.items()
        }
        total = torch.stack([factor * parts[name] for name, (_, _, factor) in self._terms.items()]).sum()
        return total, {name: part.detach() for name, part in parts.items()}

    def _told_apart(self, logits: Tensor) -> Tensor:
        """Return the logits, those of softmax groups against the rest of their group."""
        if not self._groups or all(_of_group(loss) for loss, _, _ in self._terms.values()):
            return logits
        apart = list(logits.float().unbind(1))
        for group in self._groups:
            for index, values in zip(
                group, against_the_others(logits[:, group].float()).unbind(1), strict=True
            ):
                apart[index] = values
        return torch.stack(apart, 1)

    def _check_group(self, options: Any, indices: list[int]) -> None:
        if _of_group(LOSSES[options.name]) and indices not in self._groups:
            raise BioLoomError(
                f"train.losses: {options.name} is of one group of classes, not of "
                f"{', '.join(self.channels[index] for index in indices)}",
                fix="name a target with classes, or take binary_cross_entropy",
            )

    def _check_coverage(self) -> None:
        covered = {index for _, indices, _ in self._terms.values() for index in indices}
        missing = [name for index, name in enumerate(self.channels) if index not in covered]
        if missing:
            raise BioLoomError(
                f"train.losses: no loss for {', '.join(missing)}, which would stay untrained",
                fix=f"add one with target: {missing[0]}, or one without a target",
            )


def _of_group(loss: Any) -> bool:
    return bool(getattr(loss, "of_group", False))


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
