import numpy as np
import pytest
import torch

from bioloom.losses.binary_cross_entropy import BinaryCrossEntropy
from bioloom.losses.focal import Focal
from bioloom.losses.options import BinaryCrossEntropyOptions, FocalOptions


@pytest.mark.parametrize("gamma", [1.0, 2.0, 3.5])
@pytest.mark.parametrize("shape", [(2, 3, 6, 8), (2, 3, 4, 6, 8)])
def test_it_is_the_formula_in_float64(shape, gamma):
    rng = np.random.default_rng(0)
    logits, weight = 3 * rng.standard_normal(shape), rng.random(shape)
    target = (rng.random(shape) > 0.6).astype(float)
    p = 1 / (1 + np.exp(-logits))
    right = np.where(target == 1, p, 1 - p)
    expected = (weight * (1 - right) ** gamma * -np.log(right)).sum() / weight.sum()
    result = Focal(FocalOptions(gamma=gamma))(*(torch.from_numpy(a) for a in (logits, target, weight)))
    assert float(result) == pytest.approx(expected, rel=1e-5)


def test_what_is_right_hardly_counts():
    logits = torch.tensor([[[[6.0, -1.0]]]])
    target, weight = torch.ones_like(logits), torch.ones_like(logits)
    plain = BinaryCrossEntropy(BinaryCrossEntropyOptions())
    focal = Focal(FocalOptions())
    share = [loss(logits[..., :1], target[..., :1], weight[..., :1]) for loss in (focal, plain)]
    assert share[0] < 1e-4 * share[1]
    assert focal(logits, target, weight) > 0.2 * plain(logits, target, weight)
