"""Mean absolute difference."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import l1_loss

from bioloom.losses.base import VoxelLoss
from bioloom.losses.options import L1Options


class L1(VoxelLoss[L1Options]):
    """``|v - t|`` of the raw values.

    Parameters
    ----------
    options : L1Options
        Holds nothing of its own.
    """

    def per_voxel(self, logits: Tensor, target: Tensor) -> Tensor:
        """See `VoxelLoss.per_voxel`."""
        return l1_loss(logits, target, reduction="none")
