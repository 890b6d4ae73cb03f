import pytest
import torch

from bioloom.augment.frame import Frame
from bioloom.augment.noise import noise
from bioloom.augment.options import NoiseOptions


def test_noise_has_the_deviation_and_no_mean():
    image, frame = torch.zeros(2, 100, 100), Frame((100, 100), (1.0, 1.0))
    found = noise(image, NoiseOptions(range=[0.2, 0.2]), torch.Generator().manual_seed(0), frame)
    assert float(found.std()) == pytest.approx(0.2, rel=0.05)
    assert float(found.mean()) == pytest.approx(0, abs=0.01)
    assert not image.any(), "the input stays as it is"


def test_no_deviation_changes_nothing():
    image, frame = torch.rand(1, 5, 6, 7), Frame((5, 6, 7), (1.0, 1.0, 1.0))
    torch.testing.assert_close(noise(image, NoiseOptions(range=[0, 0]), torch.Generator(), frame), image)
