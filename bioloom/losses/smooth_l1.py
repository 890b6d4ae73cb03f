"""Squared difference where it is small, absolute difference where it is large."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import smooth_l1_loss

from bioloom.losses.base import VoxelLoss
from bioloom.losses.options import SmoothL1Options


class SmoothL1(VoxelLoss[SmoothL1Options]):
    """``d^2 / (2 beta)`` for ``d = |v - t| < beta``, else ``d - beta / 2``, of the raw values.

    Source: Girshick, Fast R-CNN, ICCV 2015.

    Parameters
    ----------
    options : SmoothL1Options
        `beta`.
    """

    def per_voxel(self, logits: Tensor, target: Tensor) -> Tensor:
        """See `VoxelLoss.per_voxel`."""
        return smooth_l1_loss(logits, target, beta=self.options.beta, reduction="none")
