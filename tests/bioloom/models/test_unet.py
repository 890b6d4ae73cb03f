from contextlib import nullcontext as nothing
from itertools import pairwise

import pytest

from bioloom.models.build import build_model, parameter_count

# Published for kernel 3, one channel in and out, with a normalisation after each transposed convolution.
PEER = {2: 1_944_241, 3: 5_648_337}
TRANSPOSED = {"name": "unet", "upsampling": "transpose"}
DEFAULT = (16, 32, 64, 128, 256)


def closed_form(widths, ndim, *, per_convolution, per_transposed):
    """Count the parameters of a U-Net (2 convolutions a block, 1 channel in and out) without building it.

    `per_convolution` and `per_transposed` are the values per output channel beside the kernel: a bias is 1,
    a normalisation 2.
    """
    kernel, enlargement = 3**ndim, 2**ndim

    def block(inputs, outputs):
        return kernel * (inputs + outputs) * outputs + 2 * per_convolution * outputs

    encoder = sum(block(before, after) for before, after in zip((1, *widths), widths, strict=False))
    decoder = sum(
        enlargement * below * width + per_transposed * width + block(2 * width, width)
        for width, below in pairwise(widths)
    )
    return encoder + decoder + widths[0] + 1


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_closed_form_gives_the_published_counts(ndim):
    assert closed_form(DEFAULT, ndim, per_convolution=3, per_transposed=3) == PEER[ndim]
    assert closed_form(DEFAULT, ndim, per_convolution=3, per_transposed=1) == PEER[ndim] - 480


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("widths", [DEFAULT, (4, 6, 10)])
@pytest.mark.parametrize(("normalization", "values"), [("batch", 2), ("group", 2), ("none", 1)])
def test_ours_is_the_same_without_the_biases_that_a_normalisation_cancels(
    ndim, widths, normalization, values
):
    options = {**TRANSPOSED, "feature_maps": list(widths), "normalization": normalization}
    with pytest.warns(UserWarning, match="statistics") if normalization == "group" else nothing():
        count = parameter_count(build_model(options, 1, 1, ndim))
    assert count == closed_form(widths, ndim, per_convolution=values, per_transposed=1)


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_difference_to_the_peer_is_what_the_docstring_says(ndim):
    biases = 2 * sum(DEFAULT) + 2 * sum(DEFAULT[:-1])
    assert biases == 1472
    assert parameter_count(build_model(TRANSPOSED, 1, 1, ndim)) == PEER[ndim] - biases - 480
