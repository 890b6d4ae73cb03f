import pytest
import torch

from bioloom.errors import BioLoomError
from bioloom.losses.binary_cross_entropy import BinaryCrossEntropy
from bioloom.losses.combine import CombinedLoss
from bioloom.losses.dice import Dice
from bioloom.losses.l1 import L1
from bioloom.losses.options import BinaryCrossEntropyOptions, DiceOptions, L1Options

CHANNELS = ("foreground", "flow-0", "distance", "flow-1")


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    shape = (2, 4, 5, 6)
    return [torch.rand(shape, generator=generator) for _ in range(3)]


def test_each_loss_sees_the_channels_of_its_target(batch):
    losses = [
        {"name": "binary_cross_entropy", "target": "foreground", "weight": 2.0},
        DiceOptions(target="foreground", weight=0.5),
        {"name": "l1", "target": "flow", "weight": 3.0},
        {"name": "l1", "target": "distance"},
    ]
    combined = CombinedLoss(losses, CHANNELS)
    total, parts = combined(*batch)
    expected = {
        "binary_cross_entropy_foreground": BinaryCrossEntropy(BinaryCrossEntropyOptions())(
            *(array[:, :1] for array in batch)
        ),
        "dice_foreground": Dice(DiceOptions())(*(array[:, :1] for array in batch)),
        "l1_flow": L1(L1Options())(*(torch.stack((a[:, 1], a[:, 3]), dim=1) for a in batch)),
        "l1_distance": L1(L1Options())(*(array[:, 2:3] for array in batch)),
    }
    assert combined.names == tuple(expected) == tuple(parts)
    for name, value in expected.items():
        torch.testing.assert_close(parts[name], value)
    torch.testing.assert_close(
        total, sum(f * v for f, v in zip((2, 0.5, 3, 1), expected.values(), strict=True))
    )


def test_without_a_target_every_channel_counts(batch):
    total, parts = CombinedLoss(["mse"], CHANNELS)(*batch)
    logits, target, weight = batch
    torch.testing.assert_close(parts["mse"], (weight * (logits - target) ** 2).sum() / weight.sum())
    torch.testing.assert_close(total, parts["mse"])


def test_parts_are_detached_and_the_total_is_not(batch):
    total, parts = CombinedLoss(["mse", "l1"], CHANNELS)(batch[0].requires_grad_(), *batch[1:])
    assert total.requires_grad
    assert not any(part.requires_grad for part in parts.values())


def test_a_target_that_nobody_learns_is_named_with_a_suggestion():
    with pytest.raises(
        BioLoomError, match=r"'distanse'.*foreground, flow-0, distance.*did you mean 'distance'"
    ):
        CombinedLoss([{"name": "l1", "target": "distanse"}], CHANNELS)


def test_a_part_of_a_name_is_no_target():
    with pytest.raises(BioLoomError, match="which the model does not learn"):
        CombinedLoss(["l1", {"name": "mse", "target": "fore"}], CHANNELS)


def test_a_loss_listed_twice_is_refused():
    with pytest.raises(BioLoomError, match="l1 is listed twice"):
        CombinedLoss(["l1", {"name": "l1", "weight": 2}], CHANNELS)


@pytest.mark.parametrize("losses", [[], [{"name": "l1", "target": "distance"}]])
def test_a_channel_without_a_loss_is_refused(losses):
    with pytest.raises(BioLoomError, match="no loss for foreground, flow-0"):
        CombinedLoss(losses, CHANNELS)


def test_an_unknown_loss_is_refused():
    with pytest.raises(BioLoomError, match="did you mean 'dice'"):
        CombinedLoss(["dise"], CHANNELS)


def test_the_loss_of_embeddings_is_of_that_target_alone():
    names = ("foreground", "embeddings-y", "embeddings-x", "embeddings-width", "embeddings-seed")
    losses = ["dice", {"name": "spatial_embedding", "target": "embeddings"}]
    arrays = [torch.rand(1, 5, 6, 7) for _ in range(3)]
    assert torch.isfinite(CombinedLoss(losses, names)(*arrays)[0])
    # as many channels as it needs, but others: it would be trained to nonsense
    for channels in (("foreground", "contour", "distance", "center"), names):
        with pytest.raises(BioLoomError, match="spatial_embedding is of the target embeddings as a whole"):
            CombinedLoss(["spatial_embedding"], channels)


GROUPED = ("foreground", "classes-0", "classes-1", "classes-5")


def grouped_batch():
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(2, 4, 5, 6, generator=generator)
    classes = torch.randint(0, 3, (2, 5, 6), generator=generator)
    target = torch.stack([(classes == c).float() for c in (-1, 0, 1, 2)], 1)
    return logits, target, torch.ones_like(target)


def test_losses_of_a_group_see_its_softmax_and_others_their_own_channel():
    logits, target, weight = grouped_batch()
    losses = [{"name": n, "target": t} for t in ("foreground", "classes") for n in ("dice",)]
    losses.append({"name": "cross_entropy", "target": "classes"})
    _, parts = CombinedLoss(losses, GROUPED, ("classes",))(logits, target, weight)
    expected = torch.nn.functional.cross_entropy(logits[:, 1:], target[:, 1:].argmax(1))
    torch.testing.assert_close(parts["cross_entropy_classes"], expected)
    probabilities = torch.cat([logits[:, :1].sigmoid(), logits[:, 1:].softmax(1)], 1)
    for name, channels in (("dice_foreground", slice(0, 1)), ("dice_classes", slice(1, 4))):
        p, t = probabilities[:, channels], target[:, channels]
        dice = 1 - (2 * (p * t).sum((0, 2, 3)) + 1) / ((p + t).sum((0, 2, 3)) + 1)
        torch.testing.assert_close(parts[name], dice.mean())


@pytest.mark.parametrize("groups", [(), ("classes",)])
def test_a_loss_of_a_group_on_other_channels(groups):
    with pytest.raises(BioLoomError, match="cross_entropy is of one group of classes, not of foreground"):
        CombinedLoss([{"name": "cross_entropy", "target": ""}], GROUPED, groups)
