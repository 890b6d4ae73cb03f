import numpy as np
import pytest
import torch

from bioloom.losses.mse import MeanSquaredError
from bioloom.losses.options import MeanSquaredErrorOptions


@pytest.mark.parametrize("shape", [(2, 3, 6, 8), (2, 3, 4, 6, 8)])
def test_it_is_the_formula_in_float64(shape):
    generator = np.random.default_rng(0)
    logits, target, weight = (
        4 * generator.standard_normal(shape),
        generator.random(shape),
        generator.random(shape),
    )
    expected = np.average((logits - target) ** 2, weights=weight)
    result = MeanSquaredError(MeanSquaredErrorOptions())(
        *(torch.from_numpy(array) for array in (logits, target, weight))
    )
    np.testing.assert_allclose(result, expected, rtol=1e-5)
