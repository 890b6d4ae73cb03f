import numpy as np
import pytest
import torch

from bioloom.losses.options import SmoothL1Options
from bioloom.losses.smooth_l1 import SmoothL1


@pytest.mark.parametrize("beta", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("shape", [(2, 3, 6, 8), (2, 3, 4, 6, 8)])
def test_it_is_the_formula_in_float64(shape, beta):
    generator = np.random.default_rng(0)
    logits, target, weight = (
        2 * generator.standard_normal(shape),
        generator.random(shape),
        generator.random(shape),
    )
    distance = np.abs(logits - target)
    values = np.where(distance < beta, distance**2 / (2 * beta), distance - beta / 2)
    loss = SmoothL1(SmoothL1Options(beta=beta))
    result = loss(*(torch.from_numpy(array) for array in (logits, target, weight)))
    np.testing.assert_allclose(result, np.average(values, weights=weight), rtol=1e-5)
