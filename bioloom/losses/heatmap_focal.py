"""Focal loss of heat maps: a few peaks between 0 and 1 on a large background."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from bioloom.losses.base import WeightedLoss
from bioloom.losses.options import HeatmapFocalOptions
from bioloom.losses.weighting import TINY

LEAST_SHARE = 1e-3
"""A batch whose peaks fill less than this share of its voxels is treated as if they filled that much."""


class HeatmapFocal(WeightedLoss[HeatmapFocalOptions]):
    """``|t - p|^power`` times the cross entropy of ``p = sigmoid(logit)``, by the mass of the target.

    The sum over all voxels is divided by the sum of the target, not by the number of voxels: a batch with
    two peaks says as much about each of them as one with two hundred. The least loss is where the output
    equals the target, also between 0 and 1. Source: the quality focal loss of Li et al., Generalized Focal
    Loss, NeurIPS 2020 (`power` is its beta); by the number of positives as in Lin et al., Focal Loss for
    Dense Object Detection, ICCV 2017, here their mass.

    Parameters
    ----------
    options : HeatmapFocalOptions
        `power`.
    """

    def total(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Return the sum over the voxels by weight, divided by the mass of the target."""
        difference = (target - logits.sigmoid()).abs()
        entropy = binary_cross_entropy_with_logits(logits, target, reduction="none")
        mass = (weight * target).sum().clamp(min=LEAST_SHARE * weight.sum()).clamp(min=TINY)
        return (weight * difference**self.options.power * entropy).sum() / mass
