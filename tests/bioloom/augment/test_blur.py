import numpy as np
import pytest
import torch
from scipy import ndimage

from bioloom.augment.blur import blur
from bioloom.augment.frame import Frame
from bioloom.augment.options import BlurOptions


@pytest.mark.parametrize(
    ("shape", "spacing"), [((30, 25), (1.0, 1.0)), ((30, 25), (0.5, 0.8)), ((9, 20, 18), (3.0, 0.5, 1.0))]
)
def test_it_is_the_gaussian_of_scipy_in_micrometres(shape, spacing):
    image = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
    options = BlurOptions(range=[1.0, 1.0])
    found = blur(image, options, torch.Generator().manual_seed(1), Frame(shape, spacing)).numpy()
    sigma = [min(spacing) / s for s in spacing]
    radius = [int(np.ceil(3 * s)) for s in sigma]
    for channel, wanted in zip(found, image.numpy(), strict=True):
        expected = ndimage.gaussian_filter(wanted, sigma, mode="mirror", radius=radius)
        np.testing.assert_allclose(channel, expected, atol=1e-5)


def test_axes_shorter_than_the_kernel():
    image = torch.rand(1, 1, 2, 9)
    frame = Frame((1, 2, 9), (1.0, 1.0, 1.0))
    found = blur(image, BlurOptions(range=[3.0, 3.0]), torch.Generator(), frame)
    assert found.shape == image.shape
    assert torch.isfinite(found).all()
    torch.testing.assert_close(
        blur(torch.ones_like(image), BlurOptions(), torch.Generator(), frame), torch.ones_like(image)
    )
