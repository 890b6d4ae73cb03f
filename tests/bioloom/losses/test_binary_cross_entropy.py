import numpy as np
import pytest
import torch

from bioloom.losses.binary_cross_entropy import BinaryCrossEntropy
from bioloom.losses.options import BinaryCrossEntropyOptions


@pytest.mark.parametrize("shape", [(2, 3, 6, 8), (2, 3, 4, 6, 8)])
def test_it_is_the_formula_in_float64(shape):
    generator = np.random.default_rng(0)
    logits, target, weight = (
        4 * generator.standard_normal(shape),
        generator.random(shape),
        generator.random(shape),
    )
    p = 1 / (1 + np.exp(-logits))
    expected = np.average(-(target * np.log(p) + (1 - target) * np.log(1 - p)), weights=weight)
    result = BinaryCrossEntropy(BinaryCrossEntropyOptions())(
        *(torch.from_numpy(array) for array in (logits, target, weight))
    )
    np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_large_logits_stay_finite():
    logits = torch.tensor([[[200.0, -200.0]]])
    value = BinaryCrossEntropy(BinaryCrossEntropyOptions())(
        logits, 1 - logits.sign().relu(), torch.ones(1, 1, 2)
    )
    assert value == 200
