import numpy as np
import pytest
import torch

from bioloom.losses.dice import Dice
from bioloom.losses.options import DiceOptions


def reference(logits, target, weight, smooth):
    losses = []
    for channel in range(logits.shape[1]):
        p = 1 / (1 + np.exp(-logits[:, channel]))
        t, w = target[:, channel], weight[:, channel]
        losses.append(1 - (2 * (w * p * t).sum() + smooth) / ((w * p).sum() + (w * t).sum() + smooth))
    return np.mean(losses)


@pytest.mark.parametrize("smooth", [0.0, 1.0, 50.0])
@pytest.mark.parametrize("shape", [(2, 3, 6, 8), (2, 3, 4, 6, 8)])
def test_it_is_the_formula_in_float64(shape, smooth):
    generator = np.random.default_rng(0)
    logits = 4 * generator.standard_normal(shape)
    target, weight = (generator.random(shape) > 0.7).astype(float), generator.random(shape)
    result = Dice(DiceOptions(smooth=smooth))(*(torch.from_numpy(a) for a in (logits, target, weight)))
    np.testing.assert_allclose(result, reference(logits, target, weight, smooth), rtol=1e-5)


def test_sure_values_give_one_minus_the_dice_coefficient_of_the_masks():
    found = torch.zeros(1, 1, 10, 10)
    found[..., 2:8, 2:8] = 1
    target = torch.zeros(1, 1, 10, 10)
    target[..., 4:10, 2:8] = 1
    value = Dice(DiceOptions(smooth=0))(200 * (found - 0.5), target, torch.ones_like(target))
    assert value == pytest.approx(1 - 2 * 24 / (36 + 36))


def test_a_channel_without_weight_does_not_dilute_the_mean():
    generator = torch.Generator().manual_seed(0)
    logits, target = torch.randn(2, 2, 4, 4, generator=generator), torch.ones(2, 2, 4, 4)
    weight = torch.ones(2, 2, 4, 4)
    weight[:, 1] = 0
    loss = Dice(DiceOptions())
    torch.testing.assert_close(
        loss(logits, target, weight), loss(*(a[:, :1] for a in (logits, target, weight)))
    )


def test_the_sums_run_over_the_whole_batch():
    logits = torch.randn(3, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    target = torch.zeros(3, 1, 4, 4)
    target[0] = 1
    loss, weight = Dice(DiceOptions()), torch.ones(3, 1, 4, 4)
    one_image = [array.reshape(1, 1, 12, 4) for array in (logits, target, weight)]
    torch.testing.assert_close(loss(logits, target, weight), loss(*one_image))
