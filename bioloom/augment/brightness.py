"""A constant added to the intensities."""

from __future__ import annotations

import torch

from bioloom.augment.draw import per_channel
from bioloom.augment.frame import Frame
from bioloom.augment.options import BrightnessOptions


def brightness(
    image: torch.Tensor, options: BrightnessOptions, generator: torch.Generator, frame: Frame
) -> torch.Tensor:
    """Add a constant to every channel of ``(channel, *spatial)``."""
    return image + per_channel(image, options.range, generator)
