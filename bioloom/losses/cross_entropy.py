"""Cross entropy over a group of channels."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import log_softmax

from bioloom.losses.options import CrossEntropyOptions
from bioloom.losses.weighting import count_only_weighted, weighted_by_class, weighted_mean


class CrossEntropy:
    """``-log p`` of the true class, with ``p`` the softmax over the channels.

    Parameters
    ----------
    options : CrossEntropyOptions
        `class_weights`.
    """

    of_group = True

    def __init__(self, options: CrossEntropyOptions) -> None:
        self.options = options

    def __call__(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Compute the loss of a batch.

        Parameters
        ----------
        logits, target, weight : Tensor, (N, C, *spatial)
            Raw network values, 1 for the true class and 0 for the others, weights (0: does not count).

        Returns
        -------
        Tensor, scalar, float32
            Mean over the voxels by weight, times that of their class; 0 without any weight.
        """
        logits, target, weight = count_only_weighted(logits, target, weight)
        weight = weighted_by_class(weight, self.options.class_weights) * target
        return weighted_mean(-log_softmax(logits, 1), weight)
