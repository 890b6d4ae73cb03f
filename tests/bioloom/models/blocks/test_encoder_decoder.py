import warnings

import pytest
import torch
from torch.nn import functional

from bioloom.models.blocks.convolution import ConvolutionBlock
from bioloom.models.blocks.encoder_decoder import EncoderDecoder
from bioloom.models.options import Activation, Normalization, UNetOptions

POOLING = {2: [[2, 2], [1, 3]], 3: [[1, 2, 2], [2, 1, 2]]}


def network(ndim, **options):
    options = {"feature_maps": [4, 6, 8], **options}
    return EncoderDecoder(UNetOptions(**options), ConvolutionBlock, in_channels=2, out_channels=3, ndim=ndim)


def reference(weights, x, pooling):
    """A three-level U-Net without normalisation, written out; `weights` in the order of the state."""
    ndim = x.ndim - 2
    convolve = {2: functional.conv2d, 3: functional.conv3d}[ndim]
    enlarge = {2: functional.conv_transpose2d, 3: functional.conv_transpose3d}[ndim]
    pool = {2: functional.max_pool2d, 3: functional.max_pool3d}[ndim]
    values = iter(weights)
    encoder = [[next(values) for _ in range(4)] for _ in range(3)]
    upwards = [[next(values) for _ in range(2)] for _ in range(2)]
    decoder = [[next(values) for _ in range(4)] for _ in range(2)]

    def block(x, first, first_bias, second, second_bias):
        x = convolve(x, first, first_bias, padding=1).relu()
        return convolve(x, second, second_bias, padding=1).relu()

    fine = block(x, *encoder[0])
    middle = block(pool(fine, pooling[0]), *encoder[1])
    coarse = block(pool(middle, pooling[1]), *encoder[2])
    x = block(torch.cat([middle, enlarge(coarse, *upwards[0], stride=pooling[1])], 1), *decoder[0])
    x = block(torch.cat([fine, enlarge(x, *upwards[1], stride=pooling[0])], 1), *decoder[1])
    return convolve(x, *values)


@pytest.mark.parametrize("ndim", [2, 3])
def test_it_is_the_network_written_out(ndim):
    plain = {"normalization": "none", "downsampling": "max", "upsampling": "transpose"}
    model = network(ndim, pooling=POOLING[ndim], **plain)
    assert model.divisor == {2: (2, 6), 3: (2, 2, 4)}[ndim]
    for value in model.parameters():
        torch.nn.init.normal_(value, std=0.3)
    x = torch.rand(2, 2, *(3 * divisor for divisor in model.divisor))
    expected = reference(model.state_dict().values(), x, POOLING[ndim])
    torch.testing.assert_close(model(x), expected)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("upsampling", ["transpose", "smooth"])
def test_anisotropic_kernels_and_pooling(ndim, upsampling):
    kernel = [[1, 3, 3], [3, 3, 3], [3, 5, 3]]
    options = {"kernel": [row[-ndim:] for row in kernel], "pooling": POOLING[ndim], "upsampling": upsampling}
    model = network(ndim, dropout=[0.0, 0.1, 0.2], **options)
    x = torch.rand(2, 2, *(2 * divisor for divisor in model.divisor))
    assert model(x).shape == (2, 3, *x.shape[2:])


def test_each_level_has_its_own_kernel_and_dropout_down_and_up():
    kernel, rates = [[1, 3], [3, 3], [3, 5]], [0.1, 0.2, 0.3]
    model = network(2, kernel=kernel, dropout=rates)
    for blocks, levels in ((model.encoder, (0, 1, 2)), (model.decoder, (1, 0))):
        assert [block.dropout.p for block in blocks] == [rates[level] for level in levels]
        assert [list(block.body[0].kernel_size) for block in blocks] == [kernel[level] for level in levels]


def test_weights_start_as_kaiming_proposes():
    torch.manual_seed(0)
    model = network(3, feature_maps=[16, 32, 32])
    for block, inputs in zip(model.encoder, (2, 16, 32), strict=True):
        assert block.body[0].weight.std().item() == pytest.approx((2 / (27 * inputs)) ** 0.5, rel=0.05)
    assert not model.head.bias.any()


@pytest.mark.parametrize("normalization", Normalization.__args__)
@pytest.mark.parametrize("activation", Activation.__args__)
@pytest.mark.filterwarnings("ignore:model.normalization")
def test_every_normalisation_and_activation_gives_every_parameter_a_gradient(normalization, activation):
    torch.manual_seed(0)
    model = network(2, normalization=normalization, activation=activation)
    model(torch.randn(2, 2, 16, 16)).square().mean().backward()
    assert all(value.grad is not None and value.grad.any() for value in model.parameters())


@pytest.mark.parametrize("normalization", ["instance", "group"])
def test_statistics_of_the_patch_are_warned_of(normalization):
    with pytest.warns(UserWarning, match=f"{normalization} takes its statistics from each patch.*batch"):
        network(2, normalization=normalization)


@pytest.mark.parametrize("normalization", ["batch", "none"])
def test_others_are_not(normalization):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network(2, normalization=normalization)


def test_an_empty_region_far_from_structure_is_flat_with_batch_norm():
    torch.manual_seed(0)
    model = network(2)
    images = torch.zeros(1, 2, 96, 96)
    images[..., :16, :16] = torch.rand(16, 16)
    for _ in range(20):
        model(images)
    result = model.eval()(images)[..., 60:80, 60:80]
    alone = model(torch.zeros_like(images))[..., 60:80, 60:80]
    torch.testing.assert_close(result, alone)
