import numpy as np
import pytest
import torch

from bioloom.losses.heatmap_focal import LEAST_SHARE, HeatmapFocal
from bioloom.losses.options import HeatmapFocalOptions


def loss(power=2.0):
    return HeatmapFocal(HeatmapFocalOptions(power=power))


@pytest.mark.parametrize("power", [0.0, 1.5, 2.0])
@pytest.mark.parametrize("shape", [(2, 3, 6, 8), (2, 3, 4, 6, 8)])
def test_it_is_the_formula_in_float64(shape, power):
    generator = np.random.default_rng(0)
    logits, target, weight = (
        4 * generator.standard_normal(shape),
        generator.random(shape),
        generator.random(shape),
    )
    p = 1 / (1 + np.exp(-logits))
    entropy = -(target * np.log(p) + (1 - target) * np.log(1 - p))
    expected = (weight * np.abs(target - p) ** power * entropy).sum() / (weight * target).sum()
    result = loss(power)(*(torch.from_numpy(array) for array in (logits, target, weight)))
    np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_twice_the_background_costs_no_more_where_it_is_right():
    target = torch.zeros(1, 1, 8, 8)
    target[0, 0, 3, 3] = 1
    logits, wide = torch.full_like(target, -20), torch.zeros(1, 1, 8, 16)
    wide[..., :8] = target
    wide_logits = torch.full_like(wide, -20)
    torch.testing.assert_close(
        loss()(logits, target, torch.ones_like(target)), loss()(wide_logits, wide, torch.ones_like(wide))
    )


def test_it_is_least_where_the_output_equals_the_target():
    target = torch.full((1, 1, 1, 1), 0.3)
    values = torch.linspace(0.05, 0.95, 19)
    costs = [loss()(torch.logit(v).reshape(1, 1, 1, 1), target, torch.ones_like(target)) for v in values]
    assert float(values[int(np.argmin(costs))]) == pytest.approx(0.3)


def test_an_empty_target_is_learned_from():
    logits = torch.zeros(1, 1, 10, 10)
    value = loss(0)(logits, torch.zeros_like(logits), torch.ones_like(logits))
    torch.testing.assert_close(value, torch.tensor(np.log(2) / LEAST_SHARE, dtype=torch.float32))
