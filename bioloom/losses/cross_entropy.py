"""Cross entropy over a group of channels."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import log_softmax

from bioloom.losses.base import VoxelLoss
from bioloom.losses.options import CrossEntropyOptions
from bioloom.losses.weighting import weighted_by_class


class CrossEntropy(VoxelLoss[CrossEntropyOptions]):
    """``-log p`` of the true class, with ``p`` the softmax over the channels.

    Parameters
    ----------
    options : CrossEntropyOptions
        `class_weights`.
    """

    def total(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Return the mean by weight, times that of the true class, for which the target is 1."""
        return super().total(logits, target, weighted_by_class(weight, self.options.class_weights) * target)

    def per_voxel(self, logits: Tensor, target: Tensor) -> Tensor:
        """See `VoxelLoss.per_voxel`."""
        return -log_softmax(logits, 1)
