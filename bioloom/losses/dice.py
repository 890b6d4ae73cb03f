"""Soft Dice loss."""

from __future__ import annotations

from torch import Tensor

from bioloom.losses.options import DiceOptions
from bioloom.losses.weighting import TINY, count_only_weighted


class Dice:
    """``1 - (2 sum(w p t) + smooth) / (sum(w p) + sum(w t) + smooth)`` with ``p = sigmoid(logit)``.

    The sums run over the whole batch, channel by channel: a patch without foreground then weighs as little as
    it should. Source: Milletari et al., V-Net, 3DV 2016, with plain instead of squared sums below the line.

    Parameters
    ----------
    options : DiceOptions
        `smooth`, in voxels.
    """

    def __init__(self, options: DiceOptions) -> None:
        self.options = options

    def __call__(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Compute the loss of a batch.

        Parameters
        ----------
        logits, target, weight : Tensor, (N, C, *spatial)
            Raw network values, wanted values in 0..1, weights (0: does not count, whatever the target).

        Returns
        -------
        Tensor, scalar, float32
            Mean over the channels that have any weight; 0 without any weight.
        """
        logits, target, weight = count_only_weighted(logits, target, weight)
        probability = logits.sigmoid()
        shared = _sum_per_channel(weight * probability * target)
        both = _sum_per_channel(weight * (probability + target))
        smooth = self.options.smooth
        loss = 1 - (2 * shared + smooth) / (both + smooth).clamp(min=TINY)
        counts = _sum_per_channel(weight) > 0
        return (loss * counts).sum() / counts.sum().clamp(min=1)


def _sum_per_channel(values: Tensor) -> Tensor:
    return values.sum(dim=(0, *range(2, values.ndim)))
