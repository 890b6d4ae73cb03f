import numpy as np
import pytest
import torch

from bioloom.augment.frame import Frame
from bioloom.augment.gamma import gamma
from bioloom.augment.options import GammaOptions


@pytest.mark.parametrize("shape", [(12, 14), (5, 6, 7)])
def test_the_scale_is_bent_between_minimum_and_maximum(shape):
    image = torch.randn(3, *shape, generator=torch.Generator().manual_seed(0)) * 4 - 1
    options = GammaOptions(range=[2.0, 2.0])
    found = gamma(image, options, torch.Generator().manual_seed(1), Frame(shape, (1.0,) * len(shape))).numpy()
    for channel, wanted in zip(found, image.numpy(), strict=True):
        low, high = wanted.min(), wanted.max()
        np.testing.assert_allclose(
            channel, low + (high - low) * ((wanted - low) / (high - low)) ** 2, atol=1e-5
        )


def test_a_constant_channel_stays():
    image = torch.full((1, 4, 4), -0.3)
    found = gamma(image, GammaOptions(), torch.Generator().manual_seed(1), Frame((4, 4), (1.0, 1.0)))
    torch.testing.assert_close(found, image)
