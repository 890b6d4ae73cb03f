"""Gaussian blur."""

from __future__ import annotations

from math import ceil

import torch

from bioloom.augment.draw import uniform
from bioloom.augment.frame import Frame
from bioloom.augment.options import BlurOptions

TRUNCATE = 3.0
"""Kernels end at this many standard deviations."""


def blur(image: torch.Tensor, options: BlurOptions, generator: torch.Generator, frame: Frame) -> torch.Tensor:
    """Blur ``(channel, *spatial)`` by the same length in micrometres along every axis."""
    sigma_um = float(uniform(*options.range, generator)) * frame.finest
    for axis, spacing in enumerate(frame.spacing, start=1):
        image = blur_axis(image, axis, sigma_um / spacing)
    return image


def blur_axis(image: torch.Tensor, axis: int, sigma: float) -> torch.Tensor:
    """Convolve one axis with a Gaussian of `sigma` voxels, the image mirrored without repeating its edge."""
    radius = min(ceil(TRUNCATE * sigma), image.shape[axis] - 1)
    offsets = torch.arange(-radius, radius + 1, dtype=torch.float64)
    weights = torch.exp(-(offsets**2) / (2 * sigma**2))
    weights /= weights.sum()
    low = image.narrow(axis, 1, radius).flip(axis)
    high = image.narrow(axis, image.shape[axis] - 1 - radius, radius).flip(axis)
    padded = torch.cat([low, image, high], dim=axis)
    result = torch.zeros_like(image)
    for start, weight in enumerate(weights.tolist()):
        result.add_(padded.narrow(axis, start, image.shape[axis]), alpha=weight)
    return result
