import pytest
import torch
from torch import nn
from torch.nn import functional

from bioloom.models.blocks.layers import ACTIVATIONS, Layers

SPATIAL = {2: (6, 8), 3: (4, 6, 8)}


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("kernel", [(1, 3, 5), (3, 3, 3)])
def test_a_convolution_keeps_the_size(ndim, kernel):
    layer = Layers(ndim, "none", "relu").convolve(2, 5, kernel[-ndim:])
    x = torch.rand(1, 2, *SPATIAL[ndim])
    result = layer(x)
    assert result.shape == (1, 5, *SPATIAL[ndim])
    assert layer[0].bias is not None
    assert len(layer) == 1


@pytest.mark.parametrize("normalization", ["batch", "group", "instance"])
def test_a_normalised_convolution_has_no_bias(normalization):
    assert Layers(2, normalization, "relu").convolve(2, 8, (3, 3))[0].bias is None


@pytest.mark.parametrize("ndim", [2, 3])
def test_normalisations_are_what_their_names_say(ndim):
    x = 3 * torch.randn(4, 12, *SPATIAL[ndim]) + 1
    spatial = tuple(range(2, 2 + ndim))

    def standardized(values, axes):
        mean = values.mean(axes, keepdim=True)
        return (values - mean) / (values.var(axes, correction=0, keepdim=True) + 1e-5).sqrt()

    grouped = x.unflatten(1, (4, 3))
    expected = {
        "batch": standardized(x, (0, *spatial)),
        "instance": standardized(x, spatial),
        "group": standardized(grouped, tuple(range(2, 3 + ndim))).flatten(1, 2),  # 12 channels: 4 groups of 3
    }
    for name, value in expected.items():
        torch.testing.assert_close(Layers(ndim, name, "relu").normalize(12)(x), value, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_activations_are_those_of_pytorch(name):
    x = torch.linspace(-3, 3, 50)
    expected = getattr(functional, name)(x)
    torch.testing.assert_close(Layers(2, "batch", name).activate()(x.clone()), expected)


@pytest.mark.parametrize("ndim", [2, 3])
def test_dropout_takes_whole_channels_and_keeps_the_mean(ndim):
    torch.manual_seed(0)
    x = torch.ones(200, 16, *SPATIAL[ndim])
    result = Layers(ndim, "batch", "relu").drop(0.25)(x).flatten(2)
    assert (result == result[..., :1]).all()
    assert result.unique().tolist() == pytest.approx([0, 1 / 0.75])
    assert result.mean() == pytest.approx(1, abs=0.05)
    assert isinstance(Layers(ndim, "batch", "relu").drop(0), nn.Identity)
