import torch

from bioloom.augment.contrast import contrast
from bioloom.augment.frame import Frame
from bioloom.augment.options import ContrastOptions


def test_means_stay_and_deviations_are_multiplied():
    image = torch.randn(3, 30, 30, generator=torch.Generator().manual_seed(0)) + 2
    options, frame = ContrastOptions(range=[0.5, 2.0]), Frame((30, 30), (1.0, 1.0))
    found = contrast(image, options, torch.Generator().manual_seed(1), frame)
    torch.testing.assert_close(found.mean((1, 2)), image.mean((1, 2)))
    factors = found.std((1, 2)) / image.std((1, 2))
    assert len(factors.unique()) == 3
    assert float(factors.min()) >= 0.5
    assert float(factors.max()) <= 2.0
    expected = image.mean((1, 2), keepdim=True)
    torch.testing.assert_close(found, expected + (image - expected) * factors[:, None, None])
