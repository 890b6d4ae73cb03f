"""A bent intensity scale."""

from __future__ import annotations

import torch

from bioloom.augment.draw import per_channel
from bioloom.augment.frame import Frame
from bioloom.augment.options import GammaOptions


def gamma(
    image: torch.Tensor, options: GammaOptions, generator: torch.Generator, frame: Frame
) -> torch.Tensor:
    """Raise every channel of ``(channel, *spatial)``, scaled to 0..1, to a power, and scale it back."""
    axes = tuple(range(1, image.ndim))
    low, high = image.amin(axes, keepdim=True), image.amax(axes, keepdim=True)
    exponent = per_channel(image, options.range, generator)
    extent = high - low
    unit = (image - low) / torch.where(extent > 0, extent, torch.ones_like(extent))
    return low + extent * unit.pow(exponent)
