"""A small network, a loss and endless made-up examples: discs of light on noise, the target is the disc."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

SIDE = 16


class TinyNet(nn.Module):
    """Convolution, batch norm, dropout, convolution: every kind of state that a training has."""

    def __init__(self, ndim: int = 2) -> None:
        super().__init__()
        conv = {2: nn.Conv2d, 3: nn.Conv3d}[ndim]
        norm = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}[ndim]
        self.layers = nn.Sequential(
            conv(1, 6, 3, padding=1, bias=False),
            norm(6),
            nn.ReLU(),
            nn.Dropout(0.1),
            conv(6, 1, 3, padding=1),
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.layers(image)


def tiny_net(ndim: int = 2) -> TinyNet:
    torch.manual_seed(0)
    return TinyNet(ndim)


class Discs:
    """A source of examples; `slow` seconds pass for every one of them."""

    def __init__(self, ndim: int = 2, rows: int = 5, seed: int = 0, slow: float = 0.0) -> None:
        self.ndim = ndim
        self.seed = seed
        self.slow = slow
        self.validation_rows = range(rows)

    def example(self, step: int, item: int) -> dict[str, np.ndarray]:
        time.sleep(self.slow)
        return self._draw(self.seed, 0, step, item)

    def validation_example(self, row: int) -> dict[str, np.ndarray]:
        return self._draw(self.seed, 1, row)

    def _draw(self, *key: int) -> dict[str, np.ndarray]:
        generator = np.random.default_rng(key)
        grid = np.indices((SIDE,) * self.ndim)
        center = generator.uniform(4, SIDE - 4, (self.ndim,) + (1,) * self.ndim)
        disc = (((grid - center) ** 2).sum(0) < 16).astype(np.float32)[None]
        image = (disc + generator.normal(0, 0.3, disc.shape)).astype(np.float32)
        return {"image": image, "target": disc, "weight": np.ones_like(disc)}


class Broken(Discs):
    """A source whose images are NaN from step `first` to before step `stop`."""

    def __init__(self, first: int, stop: int) -> None:
        super().__init__()
        self.first, self.stop = first, stop

    def example(self, step: int, item: int) -> dict[str, np.ndarray]:
        example = super().example(step, item)
        if self.first <= step < self.stop:
            example["image"][:] = np.nan
        return example


def loss(logits, target, weight):
    entropy = (
        weight * nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    ).mean()
    error = (weight * (logits.sigmoid() - target) ** 2).mean()
    return entropy + 0.5 * error, {"entropy": entropy.detach(), "error": error.detach()}


def options(**changes) -> SimpleNamespace:
    values = {
        "steps": 24,
        "batch_size": 2,
        "learning_rate": 0.02,
        "weight_decay": 0.01,
        "warmup": 3,
        "ema": 0.9,
        "clip": 1.0,
        "precision": "fp32",
        "patience": 0,
        "validate_every": 6,
        "checkpoint_every": 4,
        "seed": 0,
        "workers": 1,
    }
    return SimpleNamespace(**{**values, **changes})
