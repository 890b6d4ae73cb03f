"""Binary cross entropy."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from bioloom.losses.base import VoxelLoss
from bioloom.losses.options import BinaryCrossEntropyOptions


class BinaryCrossEntropy(VoxelLoss[BinaryCrossEntropyOptions]):
    """``-t log p - (1 - t) log(1 - p)`` with ``p = sigmoid(logit)``, without overflow.

    Parameters
    ----------
    options : BinaryCrossEntropyOptions
        Holds nothing of its own.
    """

    def per_voxel(self, logits: Tensor, target: Tensor) -> Tensor:
        """See `VoxelLoss.per_voxel`."""
        return binary_cross_entropy_with_logits(logits, target, reduction="none")
