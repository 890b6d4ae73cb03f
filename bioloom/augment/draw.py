"""Random numbers from a given generator, and from nothing else."""

from __future__ import annotations

import math

import torch


def happens(probability: float, generator: torch.Generator) -> bool:
    """Return True with the given probability; always takes one number from the generator."""
    return bool(torch.rand((), generator=generator, dtype=torch.float64) < probability)


def uniform(low: float, high: float, generator: torch.Generator, size: tuple[int, ...] = ()) -> torch.Tensor:
    """Return uniform draws between `low` and `high`, float64 of shape `size`."""
    return low + (high - low) * torch.rand(size, generator=generator, dtype=torch.float64)


def symmetric(limit: float, generator: torch.Generator) -> float:
    """Return one uniform draw between -`limit` and `limit`."""
    return float(uniform(-limit, limit, generator))


def log_uniform(low: float, high: float, generator: torch.Generator) -> float:
    """Return one draw whose logarithm is uniform between those of `low` and `high`."""
    return math.exp(float(uniform(math.log(low), math.log(high), generator)))


def choice(count: int, generator: torch.Generator) -> int:
    """Return a uniform draw from 0 to `count` - 1."""
    return int(torch.randint(count, (), generator=generator))


def per_channel(image: torch.Tensor, range_: tuple[float, float], generator: torch.Generator) -> torch.Tensor:
    """Return one uniform draw for every channel of ``(channel, *spatial)``, shaped to broadcast with it."""
    shape = (image.shape[0],) + (1,) * (image.ndim - 1)
    return uniform(*range_, generator, shape).to(image.dtype)
