import torch

from bioloom.augment.brightness import brightness
from bioloom.augment.frame import Frame
from bioloom.augment.options import BrightnessOptions


def test_every_channel_gets_a_constant_of_its_own():
    image = torch.randn(3, 6, 5, 4, generator=torch.Generator().manual_seed(0))
    frame = Frame((6, 5, 4), (1.0, 1.0, 1.0))
    options = BrightnessOptions(range=[0.1, 0.4])
    added = brightness(image, options, torch.Generator().manual_seed(1), frame) - image
    per_channel = added.flatten(1)
    assert float((per_channel.amax(1) - per_channel.amin(1)).max()) < 1e-6
    assert len(per_channel.mean(1).unique()) == 3
    assert float(added.min()) > 0.1 - 1e-6
    assert float(added.max()) < 0.4 + 1e-6
