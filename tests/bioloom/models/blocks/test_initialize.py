from math import sqrt

import pytest
import torch
from torch import nn

from bioloom.models.blocks.initialize import initialize
from bioloom.models.options import Activation


@pytest.mark.parametrize("activation", Activation.__args__)
def test_convolutions_follow_kaiming(activation):
    torch.manual_seed(0)
    layer = nn.Conv3d(32, 64, (1, 3, 5))
    initialize(layer, activation)
    expected = torch.empty_like(layer.weight)
    slope = 0.01 if activation == "leaky_relu" else 0.0
    nn.init.kaiming_normal_(expected, a=slope, nonlinearity="leaky_relu")
    assert layer.weight.std().item() == pytest.approx(expected.std().item(), rel=0.02)
    assert layer.weight.mean().item() == pytest.approx(0, abs=0.002)
    assert not layer.bias.any()


@pytest.mark.parametrize("layer", [nn.ConvTranspose2d(64, 32, 2, stride=2), nn.ConvTranspose3d(64, 32, 2, 2)])
def test_transposed_convolutions_keep_the_size_of_the_signal(layer):
    torch.manual_seed(0)
    initialize(layer, "relu")
    x = torch.randn(2, 64, *[8] * (layer.weight.ndim - 2)).relu()
    assert layer(x).std(correction=0).item() == pytest.approx(x.square().mean().sqrt().item(), rel=0.1)


def test_the_signal_neither_fades_nor_explodes_through_many_layers():
    torch.manual_seed(0)
    layers = nn.Sequential(*[m for _ in range(20) for m in (nn.Conv2d(64, 64, 1, bias=False), nn.ReLU())])
    initialize(layers, "relu")
    x = torch.randn(4, 64, 16, 16)
    assert 1 / 3 < layers(x).square().mean().sqrt() * sqrt(2) < 3
