"""Focal loss: cross entropy that hardly minds what is right already."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from bioloom.losses.options import FocalOptions
from bioloom.losses.weighting import count_only_weighted, weighted_by_class, weighted_mean


class Focal:
    """``-(1 - q)^gamma log q`` with ``q`` the probability given to what is true, channel by channel.

    ``q`` is ``p`` where the target is 1 and ``1 - p`` where it is 0, with ``p = sigmoid(logit)``. Of a
    softmax group, ``p`` is the probability of the class (see `bioloom.losses.combine`), so that each class is
    told from all others. Source: Lin et al., Focal loss for dense object detection, ICCV 2017.

    Parameters
    ----------
    options : FocalOptions
        `gamma`, `class_weights`.
    """

    def __init__(self, options: FocalOptions) -> None:
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
            Mean over the voxels of all channels by weight, times that of their class; 0 without any weight.
        """
        logits, target, weight = count_only_weighted(logits, target, weight)
        weight = weighted_by_class(weight, self.options.class_weights)
        entropy = binary_cross_entropy_with_logits(logits, target, reduction="none")
        # the probability of what is wrong; its power has a gradient at 0 only from exponents of 1 on
        missed = torch.lerp(logits.sigmoid(), (-logits).sigmoid(), target)
        return weighted_mean(missed**self.options.gamma * entropy, weight)
