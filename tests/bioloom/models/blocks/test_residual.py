import pytest
import torch
from torch.nn import functional

from bioloom.models.blocks.layers import Layers
from bioloom.models.blocks.residual import ResidualBlock


def reference(block, x, ndim):
    """The block spelled out, batch norm in training mode with scale 1 and shift 0."""
    convolve = {2: functional.conv2d, 3: functional.conv3d}[ndim]
    weights = [weight for name, weight in block.body.named_parameters() if weight.ndim > 1]
    projection = [weight for name, weight in block.shortcut.named_parameters() if weight.ndim > 1]
    result = x
    for index, weight in enumerate(weights):
        result = functional.elu(result) if index else result
        result = functional.batch_norm(convolve(result, weight, padding="same"), None, None, training=True)
    for weight in projection:
        x = functional.batch_norm(convolve(x, weight), None, None, training=True)
    return functional.elu(result + x)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("inputs", [2, 5])
@pytest.mark.parametrize("convolutions", [1, 2, 3])
def test_it_adds_its_input_before_the_last_activation(ndim, inputs, convolutions):
    kernel = (1, 3, 3)[-ndim:]
    block = ResidualBlock(
        Layers(ndim, "batch", "elu"), inputs, 5, kernel=kernel, convolutions=convolutions, dropout=0.0
    )
    x = torch.rand(2, inputs, *(4, 6, 8)[-ndim:])
    kept = x.clone()
    torch.testing.assert_close(block(x), reference(block, x, ndim))
    torch.testing.assert_close(x, kept, rtol=0, atol=0)


def test_equal_channels_need_no_projection():
    block = ResidualBlock(Layers(2, "batch", "relu"), 4, 4, kernel=(3, 3), convolutions=2, dropout=0.0)
    assert list(block.shortcut.parameters()) == []


@pytest.mark.parametrize("activation", ["relu", "elu", "leaky_relu", "gelu", "silu"])
@pytest.mark.parametrize("normalization", ["batch", "group", "none"])
def test_working_in_place_leaves_the_gradient_right(activation, normalization):
    torch.manual_seed(0)
    layers = Layers(2, normalization, activation)
    block = ResidualBlock(layers, 2, 2, kernel=(3, 3), convolutions=2, dropout=0.0).double()
    x = torch.randn(2, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(block, (x,))
