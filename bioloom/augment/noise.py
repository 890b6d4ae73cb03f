"""Gaussian noise."""

from __future__ import annotations

import torch

from bioloom.augment.draw import uniform
from bioloom.augment.frame import Frame
from bioloom.augment.options import NoiseOptions


def noise(
    image: torch.Tensor, options: NoiseOptions, generator: torch.Generator, frame: Frame
) -> torch.Tensor:
    """Add normal draws to every voxel of ``(channel, *spatial)``; one standard deviation per patch."""
    deviation = float(uniform(*options.range, generator))
    return image + deviation * torch.randn(image.shape, generator=generator, dtype=image.dtype)
