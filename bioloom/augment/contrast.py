"""Intensities stretched around their mean."""

from __future__ import annotations

import torch

from bioloom.augment.draw import per_channel
from bioloom.augment.frame import Frame
from bioloom.augment.options import ContrastOptions


def contrast(
    image: torch.Tensor, options: ContrastOptions, generator: torch.Generator, frame: Frame
) -> torch.Tensor:
    """Multiply every channel of ``(channel, *spatial)`` around its mean over the patch."""
    mean = image.mean(tuple(range(1, image.ndim)), keepdim=True)
    return mean + (image - mean) * per_channel(image, options.range, generator)
