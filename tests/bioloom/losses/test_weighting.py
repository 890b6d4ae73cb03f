import pytest
import torch

from bioloom.losses.weighting import (
    against_the_others,
    count_only_weighted,
    weighted_by_class,
    weighted_mean,
)


def test_all_three_become_float32_and_0_without_weight():
    logits = torch.tensor([[[1.0, float("nan"), float("inf")]]], dtype=torch.bfloat16)
    target = torch.tensor([[[2, 3, 4]]])
    weight = torch.tensor([[[0.5, 0.0, -1.0]]])
    results = count_only_weighted(logits, target, weight)
    assert [array.dtype for array in results] == [torch.float32] * 3
    assert [array.flatten().tolist() for array in results] == [[1, 0, 0], [2, 0, 0], [0.5, 0, 0]]


def test_weighted_mean_is_that_of_numpy():
    import numpy as np

    values, weight = np.random.default_rng(0).random((2, 2, 3, 4, 5)).astype(np.float32)
    result = weighted_mean(torch.from_numpy(values), torch.from_numpy(weight))
    np.testing.assert_allclose(result, np.average(values, weights=weight), rtol=1e-6)


@pytest.mark.parametrize("spatial", [(5, 6), (3, 5, 6)])
@pytest.mark.parametrize("channels", [2, 4])
def test_the_sigmoid_of_logits_against_the_others_is_the_softmax(spatial, channels):
    logits = 20 * torch.randn(2, channels, *spatial, generator=torch.Generator().manual_seed(0))
    expected = logits.double().softmax(1).float()
    torch.testing.assert_close(against_the_others(logits).sigmoid(), expected, rtol=1e-4, atol=1e-6)


def test_weights_of_classes_multiply_their_channels():
    weight = torch.rand(2, 3, 4, 5)
    torch.testing.assert_close(weighted_by_class(weight, [2, 1, 0.5])[:, 2], 0.5 * weight[:, 2])
    assert weighted_by_class(weight, "none") is weight
