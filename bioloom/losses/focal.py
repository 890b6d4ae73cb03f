"""Focal loss: cross entropy that hardly minds what is right already."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from bioloom.losses.base import VoxelLoss
from bioloom.losses.options import FocalOptions
from bioloom.losses.weighting import weighted_by_class


class Focal(VoxelLoss[FocalOptions]):
    """``-(1 - q)^gamma log q`` with ``q`` the probability given to what is true, channel by channel.

    ``q`` is ``p`` where the target is 1 and ``1 - p`` where it is 0, with ``p = sigmoid(logit)``. Of a
    softmax group, ``p`` is the probability of the class (see `bioloom.losses.combine`), so that each class is
    told from all others. Source: Lin et al., Focal loss for dense object detection, ICCV 2017.

    Parameters
    ----------
    options : FocalOptions
        `gamma`, `class_weights`.
    """

    def total(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Return the mean by weight, times that of the class of each channel."""
        return super().total(logits, target, weighted_by_class(weight, self.options.class_weights))

    def per_voxel(self, logits: Tensor, target: Tensor) -> Tensor:
        """See `VoxelLoss.per_voxel`."""
        entropy = binary_cross_entropy_with_logits(logits, target, reduction="none")
        # the probability of what is wrong; its power has a gradient at 0 only from exponents of 1 on
        missed = torch.lerp(logits.sigmoid(), (-logits).sigmoid(), target)
        return missed**self.options.gamma * entropy
