"""Mean squared difference."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import mse_loss

from bioloom.losses.base import VoxelLoss
from bioloom.losses.options import MeanSquaredErrorOptions


class MeanSquaredError(VoxelLoss[MeanSquaredErrorOptions]):
    """``(v - t)^2`` of the raw values.

    Parameters
    ----------
    options : MeanSquaredErrorOptions
        Holds nothing of its own.
    """

    def per_voxel(self, logits: Tensor, target: Tensor) -> Tensor:
        """See `VoxelLoss.per_voxel`."""
        return mse_loss(logits, target, reduction="none")
