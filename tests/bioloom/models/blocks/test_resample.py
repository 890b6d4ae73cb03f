import pytest
import torch
from torch.nn import functional

from bioloom.models.blocks.resample import MaxPool, Repeat, upsample

FACTORS = [(2, 2), (1, 3), (2, 2, 2), (1, 2, 2), (3, 1, 2), (2, 1, 1)]
LAYOUTS = {2: torch.channels_last, 3: torch.channels_last_3d}


def picture(factors, layout):
    sides = [4 * factor for factor in factors]
    x = torch.randn(2, 3, *sides, generator=torch.Generator().manual_seed(0))
    return x.contiguous(memory_format=LAYOUTS[len(sides)]) if layout == "channels last" else x


@pytest.mark.parametrize("layout", ["contiguous", "channels last"])
@pytest.mark.parametrize("factors", FACTORS)
def test_pooling_is_that_of_pytorch_with_its_gradient(factors, layout):
    x = picture(factors, layout).requires_grad_()
    pool = {2: functional.max_pool2d, 3: functional.max_pool3d}[len(factors)]
    result, expected = MaxPool(factors)(x), pool(x, factors)
    torch.testing.assert_close(result, expected, rtol=0, atol=0)
    wanted = torch.randn(expected.shape, generator=torch.Generator().manual_seed(1))
    gradients = [torch.autograd.grad(value, x, wanted)[0] for value in (result, expected)]
    torch.testing.assert_close(*gradients, rtol=0, atol=0)


@pytest.mark.parametrize("layout", ["contiguous", "channels last"])
@pytest.mark.parametrize("factors", FACTORS)
def test_repeating_is_that_of_numpy(factors, layout):
    x = picture(factors, layout)
    expected = x
    for axis, factor in enumerate(factors):
        expected = expected.repeat_interleave(factor, dim=axis + 2)
    torch.testing.assert_close(Repeat(factors)(x), expected, rtol=0, atol=0)


@pytest.mark.parametrize("layer", [MaxPool, Repeat])
@pytest.mark.parametrize("factors", FACTORS)
def test_channels_last_stays_channels_last(layer, factors):
    result = layer(factors)(picture(factors, "channels last"))
    assert result.is_contiguous(memory_format=LAYOUTS[len(factors)])


@pytest.mark.parametrize("factors", FACTORS)
def test_convolving_before_repeating_is_convolving_after_it(factors):
    x = picture(factors, "contiguous")
    convolution, repeat = layer = upsample("interpolate", 3, 5, factors)
    torch.testing.assert_close(layer(x), convolution(repeat(x)))


@pytest.mark.parametrize("factors", FACTORS)
def test_a_transposed_convolution_fills_every_window_from_one_voxel(factors):
    x = picture(factors, "contiguous")
    layer = upsample("transpose", 3, 5, factors)
    expected = torch.einsum("nc...,cok->nok...", x, layer.weight.flatten(2))
    result = layer(x) - layer.bias.view(1, 5, *[1] * len(factors))
    for axis, factor in enumerate(factors):
        result = result.unflatten(2 + 2 * axis, (-1, factor))
    ndim = len(factors)
    order = (0, 1, *range(3, 3 + 2 * ndim, 2), *range(2, 2 + 2 * ndim, 2))
    torch.testing.assert_close(result.permute(order).flatten(2, 1 + ndim), expected)
