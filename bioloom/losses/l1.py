"""Mean absolute difference."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import l1_loss

from bioloom.losses.base import WeightedLoss
from bioloom.losses.options import L1Options


class L1(WeightedLoss[L1Options]):
    """``|v - t|`` of the raw values.

    Parameters
    ----------
    options : L1Options
        Holds nothing of its own.
    """

    def per_voxel(self, logits: Tensor, target: Tensor) -> Tensor:
        """See `WeightedLoss.per_voxel`."""
        return l1_loss(logits, target, reduction="none")
