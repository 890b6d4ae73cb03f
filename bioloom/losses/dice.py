"""Soft Dice loss."""

from __future__ import annotations

from torch import Tensor

from bioloom.losses.base import WeightedLoss
from bioloom.losses.options import DiceOptions
from bioloom.losses.weighting import TINY


class Dice(WeightedLoss[DiceOptions]):
    """``1 - (2 sum(w p t) + smooth) / (sum(w p) + sum(w t) + smooth)`` with ``p = sigmoid(logit)``.

    The sums run over the whole batch, channel by channel: a patch without foreground then weighs as little as
    it should. Source: Milletari et al., V-Net, 3DV 2016, with plain instead of squared sums below the line.

    Parameters
    ----------
    options : DiceOptions
        `smooth`, in voxels.
    """

    def total(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Return the mean over the channels that have any weight."""
        probability = logits.sigmoid()
        shared = _sum_per_channel(weight * probability * target)
        both = _sum_per_channel(weight * (probability + target))
        smooth = self.options.smooth
        loss = 1 - (2 * shared + smooth) / (both + smooth).clamp(min=TINY)
        counts = _sum_per_channel(weight) > 0
        return (loss * counts).sum() / counts.sum().clamp(min=1)


def _sum_per_channel(values: Tensor) -> Tensor:
    return values.sum(dim=(0, *range(2, values.ndim)))
