"""Mean absolute difference."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import l1_loss

from bioloom.losses.options import L1Options
from bioloom.losses.weighting import count_only_weighted, weighted_mean


class L1:
    """``|v - t|`` of the raw values.

    Parameters
    ----------
    options : L1Options
        Holds nothing of its own.
    """

    def __init__(self, options: L1Options) -> None:
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
        return weighted_mean(l1_loss(logits, target, reduction="none"), weight)
