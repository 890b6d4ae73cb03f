import copy

import pytest
import torch
from synthetic_training import Broken, Discs, loss, tiny_net

from bioloom.train.feed import TrainingBatches
from bioloom.train.optimise import Stepper, make_optimiser, to_device
from bioloom.train.precision import Precision

FP32 = Precision("fp32", "cpu")
FP16 = Precision("fp16", "cpu")


def stepper(precision=FP32, clip=1.0, ndim=2, loss=loss):
    model = tiny_net(ndim)
    return Stepper(model, loss, make_optimiser(model, 0.1), precision, clip)


def everything(step):
    """Return all that a training step may change."""
    state = copy.deepcopy(step.optimiser.state_dict()["state"])
    return [*step.model.state_dict().values(), *(value for slot in state.values() for value in slot.values())]


def snapshot(step):
    return [value.clone() for value in everything(step)]


def test_only_weights_with_more_than_one_axis_decay():
    model = tiny_net()
    decay = {
        id(p): group["weight_decay"]
        for group in make_optimiser(model, 0.1).param_groups
        for p in group["params"]
    }
    assert {name: decay[id(p)] for name, p in model.named_parameters()} == {
        "layers.0.weight": 0.1,
        "layers.1.weight": 0.0,
        "layers.1.bias": 0.0,
        "layers.4.weight": 0.1,
        "layers.4.bias": 0.0,
    }


@pytest.mark.parametrize("ndim", [2, 3])
def test_steps_are_those_of_plain_pytorch(ndim):
    batches, tested, model = TrainingBatches(Discs(ndim), 3), stepper(clip=0.05, ndim=ndim), tiny_net(ndim)
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim == 1]
    reference = torch.optim.AdamW(
        [{"params": weights, "weight_decay": 0.1}, {"params": others, "weight_decay": 0}]
    )
    for step in range(3):
        batch = batches(step)
        torch.manual_seed(step)
        values = tested(batch, 0.01)
        torch.manual_seed(step)
        reference.zero_grad()
        total, _ = loss(model(batch["image"]), batch["target"], batch["weight"])
        total.backward()
        norm = sum(float(p.grad.pow(2).sum()) for p in model.parameters()) ** 0.5
        for p in model.parameters():
            p.grad *= min(1.0, 0.05 / (norm + 1e-6))
        for group in reference.param_groups:
            group["lr"] = 0.01
        reference.step()
        assert values["loss"] == pytest.approx(total.item())
        assert values["loss"] == pytest.approx(values["entropy"] + 0.5 * values["error"])
    for mine, theirs in zip(tested.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("precision", [FP32, FP16])
def test_a_step_without_a_finite_loss_changes_nothing(precision):
    tested = stepper(precision)
    batches = TrainingBatches(Broken(1, 2), 2)
    assert tested(batches(0), 0.01) is not None
    before = snapshot(tested)
    assert tested(batches(1), 0.01) is None
    assert all(torch.equal(a, b) for a, b in zip(everything(tested), before, strict=True))
    assert tested(batches(2), 0.01) is not None


@pytest.mark.parametrize("precision", [FP32, FP16])
def test_a_gradient_that_is_not_finite_changes_nothing(precision):
    def steep(logits, target, weight):
        return (logits - logits.detach()).sqrt().sum(), {}  # 0 with an infinite slope

    tested = stepper(precision, loss=steep)
    before = snapshot(tested)
    assert tested(TrainingBatches(Discs(), 2)(0), 0.01) is None
    assert all(torch.equal(a, b) for a, b in zip(everything(tested), before, strict=True))


def test_fp16_lowers_its_scale_after_an_overflow_and_learns():
    tested = stepper(FP16)
    batches = TrainingBatches(Discs(), 2)
    first = tested(batches(0), 0.02)["loss"]
    scale = tested.scaler.get_scale()
    tested(TrainingBatches(Broken(0, 1), 2)(0), 0.02)
    assert tested.scaler.get_scale() == scale / 2
    for step in range(1, 25):
        last = tested(batches(step), 0.02)["loss"]
    assert last < 0.5 * first
    assert all(p.dtype == torch.float32 for p in tested.model.parameters())


def test_batches_move_to_the_device():
    batch = to_device(TrainingBatches(Discs(), 2)(0), torch.device("meta"))
    assert {values.device.type for values in batch.values()} == {"meta"}
