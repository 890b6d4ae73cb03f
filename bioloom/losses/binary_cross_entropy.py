"""Binary cross entropy."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from bioloom.losses.options import BinaryCrossEntropyOptions
from bioloom.losses.weighting import count_only_weighted, weighted_mean


class BinaryCrossEntropy:
    """``-t log p - (1 - t) log(1 - p)`` with ``p = sigmoid(logit)``, without overflow.

    Parameters
    ----------
    options : BinaryCrossEntropyOptions
        Holds nothing of its own.
    """

    def __init__(self, options: BinaryCrossEntropyOptions) -> None:
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
            Mean over the voxels of all channels by weight; 0 without any weight.
        """
        logits, target, weight = count_only_weighted(logits, target, weight)
        return weighted_mean(binary_cross_entropy_with_logits(logits, target, reduction="none"), weight)
