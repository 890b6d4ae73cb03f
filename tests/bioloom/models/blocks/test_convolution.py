import pytest
import torch
from torch.nn import functional

from bioloom.models.blocks.convolution import ConvolutionBlock
from bioloom.models.blocks.layers import Layers


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("convolutions", [1, 2, 3])
def test_it_is_the_layers_in_their_order(ndim, convolutions):
    kernel = (1, 3, 3)[-ndim:]
    block = ConvolutionBlock(
        Layers(ndim, "batch", "elu"), 2, 5, kernel=kernel, convolutions=convolutions, dropout=0.0
    )
    x = torch.rand(2, 2, *(4, 6, 8)[-ndim:])
    weights = [weight for name, weight in block.named_parameters() if weight.ndim > 1]
    assert len(weights) == convolutions
    expected = x
    for weight in weights:
        convolve = {2: functional.conv2d, 3: functional.conv3d}[ndim]
        expected = convolve(expected, weight, padding=tuple(side // 2 for side in kernel))
        expected = functional.elu(functional.batch_norm(expected, None, None, training=True))
    torch.testing.assert_close(block(x), expected)


def test_dropout_acts_in_training_only():
    block = ConvolutionBlock(Layers(2, "none", "relu"), 1, 64, kernel=(3, 3), convolutions=1, dropout=0.5)
    x = torch.rand(1, 1, 8, 8)
    assert not torch.equal(block(x), block(x))
    block.eval()
    torch.testing.assert_close(block(x), block(x), rtol=0, atol=0)
