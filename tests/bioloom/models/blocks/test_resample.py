import numpy as np
import pytest
import torch
from torch.nn import functional

from bioloom.models.blocks.resample import Blur, Interpolate, MaxPool, smooth_window, upsample

FACTORS = [(2, 2), (1, 3), (2, 2, 2), (1, 2, 2), (3, 1, 2), (2, 1, 1)]
LAYOUTS = {2: torch.channels_last, 3: torch.channels_last_3d}


def picture(factors, layout):
    sides = [6 * factor for factor in factors]
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
def test_blurring_is_smoothing_and_the_mean_of_every_window(factors, layout):
    x = picture(factors, layout)
    expected = x.numpy().astype(np.float64)
    for axis, factor in enumerate(factors, start=2):
        if factor > 1:
            window = np.convolve(np.array([1, 4, 6, 4, 1]) / 16, np.full(factor, 1 / factor))
            count = expected.shape[axis] // factor
            expected = np.apply_along_axis(np.convolve, axis, expected, window)
            expected = expected.take(factor * np.arange(1, count + 1) + 1, axis)
    torch.testing.assert_close(Blur(factors)(x), torch.from_numpy(expected).float())


@pytest.mark.parametrize("layout", ["contiguous", "channels last"])
@pytest.mark.parametrize("factors", FACTORS)
def test_interpolating_is_the_transpose_of_blurring(factors, layout):
    x = picture(factors, layout).requires_grad_()
    small = Blur(factors)(x)
    other = torch.randn(small.shape, generator=torch.Generator().manual_seed(1))
    (transposed,) = torch.autograd.grad(small, x, other)
    torch.testing.assert_close(Interpolate(factors)(other), transposed * np.prod(factors))


@pytest.mark.parametrize("factors", FACTORS)
def test_a_constant_stays_constant_away_from_the_border(factors):
    x = torch.ones(1, 2, *[8 * factor for factor in factors])
    inner = (..., *[slice(2 * factor, -2 * factor) for factor in factors])
    for result in (Blur(factors)(x), Interpolate(factors)(x)):
        torch.testing.assert_close(result[inner], torch.ones_like(result[inner]))


def test_the_window_of_factor_two_is_binomial():
    assert (32 * smooth_window(2)).tolist() == [1, 5, 10, 10, 5, 1]


def test_a_blurred_grid_hardly_depends_on_where_it_lies():
    """Of a fine wave, two grids one voxel apart show alike after blurring, and not after taking maxima."""
    wave = torch.sin(torch.arange(130) * 2.0).expand(1, 1, 4, 130)
    differences = [
        (layer((1, 2))(wave[..., :128]) - layer((1, 2))(wave[..., 1:129]))[..., 2:-2].abs().max()
        for layer in (Blur, MaxPool)
    ]
    assert differences[0] < 0.1 * differences[1]


@pytest.mark.parametrize("layer", [MaxPool, Blur, Interpolate])
@pytest.mark.parametrize("factors", FACTORS)
def test_channels_last_stays_channels_last(layer, factors):
    result = layer(factors)(picture(factors, "channels last"))
    assert result.is_contiguous(memory_format=LAYOUTS[len(factors)])


@pytest.mark.parametrize("factors", FACTORS)
def test_convolving_before_interpolating_is_convolving_after_it_away_from_the_border(factors):
    x = picture(factors, "contiguous")
    convolution, interpolate = layer = upsample("smooth", 3, 5, factors)
    inner = (..., *[slice(2 * factor, -2 * factor) for factor in factors])
    torch.testing.assert_close(layer(x)[inner], convolution(interpolate(x))[inner])


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
