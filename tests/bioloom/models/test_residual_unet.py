import pytest

from bioloom.models.build import build_model, parameter_count


@pytest.mark.parametrize("ndim", [2, 3])
def test_it_is_the_unet_and_one_projection_per_block(ndim):
    widths = [16, 32, 64, 128, 256]
    inputs = [1, *widths[:-1]]
    encoder = sum(before * after + 2 * after for before, after in zip(inputs, widths, strict=True))
    decoder = sum(2 * width * width + 2 * width for width in widths[:-1])
    plain, residual = (parameter_count(build_model(name, 1, 1, ndim)) for name in ("unet", "residual_unet"))
    assert residual - plain == encoder + decoder
