"""Squared difference where it is small, absolute difference where it is large."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import smooth_l1_loss

from bioloom.losses.options import SmoothL1Options
from bioloom.losses.weighting import count_only_weighted, weighted_mean


class SmoothL1:
    """``d^2 / (2 beta)`` for ``d = |v - t| < beta``, else ``d - beta / 2``, of the raw values.

    Source: Girshick, Fast R-CNN, ICCV 2015.

    Parameters
    ----------
    options : SmoothL1Options
        `beta`.
    """

    def __init__(self, options: SmoothL1Options) -> None:
        self.options = options

    def __call__(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Compute the loss of a batch.

        Parameters
        ----------
        logits, target, weight : Tensor, (N, C, *spatial)
            Raw network values, wanted values, weights (0: does not count, whatever the target).

        Returns
        -------
        Tensor, scalar, float32
            Mean over the voxels of all channels by weight; 0 without any weight.
        """
        logits, target, weight = count_only_weighted(logits, target, weight)
        return weighted_mean(smooth_l1_loss(logits, target, beta=self.options.beta, reduction="none"), weight)
