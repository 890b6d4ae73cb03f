import numpy as np
import pytest
import torch

from bioloom.losses.l1 import L1
from bioloom.losses.options import L1Options


@pytest.mark.parametrize("shape", [(2, 3, 6, 8), (2, 3, 4, 6, 8)])
def test_it_is_the_formula_in_float64(shape):
    generator = np.random.default_rng(0)
    logits, target, weight = (
        4 * generator.standard_normal(shape),
        generator.random(shape),
        generator.random(shape),
    )
    expected = np.average(np.abs(logits - target), weights=weight)
    result = L1(L1Options())(*(torch.from_numpy(array) for array in (logits, target, weight)))
    np.testing.assert_allclose(result, expected, rtol=1e-5)
