"""What losses share: their options, and silence where the weight is 0."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from torch import Tensor

from bioloom.losses.weighting import count_only_weighted, weighted_mean
from bioloom.settings.base import Section

Options = TypeVar("Options", bound=Section)


class WeightedLoss(ABC, Generic[Options]):
    """A loss to which voxels count by their weight, and those of weight 0 not at all.

    Parameters
    ----------
    options : Section
        The options of the loss.
    """

    def __init__(self, options: Options) -> None:
        self.options = options

    def __call__(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Compute the loss of a batch.

        Parameters
        ----------
        logits, target, weight : Tensor, (N, C, *spatial)
            Raw network values, wanted values (in 0..1 for losses of yes-or-no channels), weights (0: does not
            count, whatever the target).

        Returns
        -------
        Tensor, scalar, float32
            0 without any weight.
        """
        return self.total(*count_only_weighted(logits, target, weight))

    @abstractmethod
    def total(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Return the loss of arrays in float32 that are 0 wherever the weight is."""


class VoxelLoss(WeightedLoss[Options]):
    """A loss that is the mean over the voxels of all channels by weight."""

    def total(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """See `WeightedLoss.total`."""
        return weighted_mean(self.per_voxel(logits, target), weight)

    @abstractmethod
    def per_voxel(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return what every voxel costs, (N, C, *spatial)."""
