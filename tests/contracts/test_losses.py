"""What every loss must hold, in 2D and 3D."""

import pytest
import torch

from bioloom.losses import LOSSES

SPATIAL = {2: (6, 8), 3: (4, 6, 8)}


OF_THEIR_OWN = ("spatial_embedding",)
"""Losses of channels that mean different things, and of their target alone; see their own tests."""


@pytest.fixture(params=[name for name in LOSSES if name not in OF_THEIR_OWN])
def loss(request):
    return LOSSES[request.param](LOSSES.parse(request.param))


@pytest.fixture(params=[2, 3])
def batch(request):
    """Logits, target in 0..1 and weight: two images of three channels."""
    generator = torch.Generator().manual_seed(0)
    shape = (2, 3, *SPATIAL[request.param])
    logits = 3 * torch.randn(shape, generator=generator)
    target = (torch.rand(shape, generator=generator) > 0.6).float()
    return logits.requires_grad_(), target, torch.rand(shape, generator=generator) + 0.1


def test_it_is_a_finite_scalar_in_float32(loss, batch):
    value = loss(*batch)
    assert value.shape == ()
    assert value.dtype == torch.float32
    assert torch.isfinite(value)
    assert value > 0


def test_it_falls_along_its_gradient(loss, batch):
    logits, target, weight = batch
    value = loss(logits, target, weight)
    (gradient,) = torch.autograd.grad(value, logits)
    assert loss(logits - 0.1 * gradient / gradient.norm(), target, weight) < value


def test_the_gradient_is_that_of_finite_differences(loss, batch):
    logits, target, weight = batch
    (gradient,) = torch.autograd.grad(loss(logits, target, weight), logits)
    direction = torch.randn(logits.shape, generator=torch.Generator().manual_seed(1))
    step = 0.01 * direction
    with torch.no_grad():
        slope = (loss(logits + step, target, weight) - loss(logits - step, target, weight)) / 0.02
    torch.testing.assert_close((gradient * direction).sum(), slope, rtol=0.03, atol=2e-4)


def test_voxels_without_weight_are_as_if_cut_away(loss, batch):
    logits, target, weight = (array.detach().clone() for array in batch)
    expected = loss(logits[..., :5], target[..., :5], weight[..., :5])
    weight[..., 5:] = 0
    torch.testing.assert_close(loss(logits, target, weight), expected)


@pytest.mark.parametrize("rubbish", [float("nan"), float("inf"), 1e38])
def test_rubbish_without_weight_touches_neither_value_nor_gradient(loss, batch, rubbish):
    logits, target, weight = batch
    weight[:, 1] = 0
    weight[0, 0, 2:4] = 0
    silent = weight == 0
    expected = loss(logits, target, weight)
    (wanted,) = torch.autograd.grad(expected, logits)
    noisy = logits.detach().masked_fill(silent, rubbish).requires_grad_()
    value = loss(noisy, target.masked_fill(silent, rubbish), weight)
    (gradient,) = torch.autograd.grad(value, noisy)
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(gradient, wanted)
    assert not gradient[silent].any()


def test_no_weight_at_all_gives_0_with_a_gradient_of_0(loss, batch):
    logits, target, weight = batch
    value = loss(logits, target * float("nan"), torch.zeros_like(weight))
    value.backward()
    assert value == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_the_order_of_images_and_voxels_does_not_matter(loss, batch):
    flipped = [array.flip(0).flip(-1).flip(1) for array in batch]
    torch.testing.assert_close(loss(*flipped), loss(*batch))


def test_narrow_logits_are_summed_in_float32(loss, batch):
    logits, target, weight = batch
    narrow = logits.detach().bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        value = loss(narrow, target, weight)
    torch.testing.assert_close(value, loss(narrow.float(), target, weight))


def test_memory_formats_give_the_same(loss, batch):
    layout = torch.channels_last if batch[0].ndim == 4 else torch.channels_last_3d
    torch.testing.assert_close(loss(batch[0].contiguous(memory_format=layout), *batch[1:]), loss(*batch))


def test_unequal_shapes_are_refused(loss, batch):
    logits, target, weight = batch
    with pytest.raises(ValueError, match="one shape"):
        loss(logits, target, weight[:, :1])
