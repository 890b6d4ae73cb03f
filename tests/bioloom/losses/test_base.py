import pytest
import torch

from bioloom.losses import LOSSES
from bioloom.losses.base import VoxelLoss, WeightedLoss


class Difference(VoxelLoss):
    def per_voxel(self, logits, target):
        return (logits - target).abs()


class Largest(WeightedLoss):
    def total(self, logits, target, weight):
        return (weight * (logits - target).abs()).max()


def test_voxels_count_by_their_weight_and_not_at_all_without():
    logits, target = torch.tensor([[[1.0, 5.0, float("nan")]]]), torch.zeros(1, 1, 3)
    weight = torch.tensor([[[3.0, 1.0, 0.0]]])
    assert Difference(None)(logits, target, weight) == (3 * 1 + 5) / 4
    assert Largest(None)(logits, target, weight) == 5
    assert Difference(None)(logits, target, 0 * weight) == Largest(None)(logits, target, 0 * weight) == 0


def test_half_precision_is_summed_in_full():
    values = torch.full((1, 1, 4000), 100.0, dtype=torch.float16)
    assert Difference(None)(values, 0 * values, torch.ones(1, 1, 4000)) == 100


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "spatial_embedding"])
def test_losses_are_of_this_kind(name):
    assert issubclass(LOSSES[name], WeightedLoss)
