"""The layers of one network: convolution, normalisation, activation and dropout for its number of axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any

from torch import nn

from bioloom.models.options import Activation, Normalization

CONVOLUTIONS: dict[int, Any] = {2: nn.Conv2d, 3: nn.Conv3d}
BATCH_NORMS: dict[int, Any] = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
DROPOUTS: dict[int, Any] = {2: nn.Dropout2d, 3: nn.Dropout3d}
# In place wherever the derivative can be had from the result: one tensor less per layer to keep and to read.
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": lambda: nn.ReLU(inplace=True),
    "elu": lambda: nn.ELU(inplace=True),
    "leaky_relu": lambda: nn.LeakyReLU(0.01, inplace=True),
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}
GROUPS = 8


@dataclass(frozen=True)
class Layers:
    """Makes the layers of a network, all with the same number of axes, normalisation and activation.

    Parameters
    ----------
    ndim : int
        Number of spatial axes, 2 or 3.
    normalization : str
        ``batch``, ``group`` (of up to 8 groups), ``instance`` or ``none``.
    activation : str
        A key of `ACTIVATIONS`.
    """

    ndim: int
    normalization: Normalization
    activation: Activation

    def convolve(self, inputs: int, outputs: int, kernel: Sequence[int]) -> nn.Sequential:
        """Return a convolution that keeps the image's size, and its normalisation.

        A normalisation subtracts the mean and adds its own shift, so that the convolution before it has no
        bias; without normalisation it has one.
        """
        normalized = self.normalization != "none"
        padding = tuple(side // 2 for side in kernel)
        convolution = CONVOLUTIONS[self.ndim](
            inputs, outputs, tuple(kernel), padding=padding, bias=not normalized
        )
        return nn.Sequential(convolution, *([self.normalize(outputs)] if normalized else []))

    def normalize(self, channels: int) -> nn.Module:
        """Return the normalisation of `channels` channels, with a learned scale and shift of each.

        Instance normalisation is group normalisation with one channel per group (Wu & He, ECCV 2018).
        """
        if self.normalization == "batch":
            return BATCH_NORMS[self.ndim](channels)
        return nn.GroupNorm(channels if self.normalization == "instance" else gcd(channels, GROUPS), channels)

    def activate(self) -> nn.Module:
        """Return the activation."""
        return ACTIVATIONS[self.activation]()

    def drop(self, rate: float) -> nn.Module:
        """Return dropout of whole channels (neighbouring voxels are too alike to be dropped one by one).

        Source: Tompson et al., Efficient object localization using convolutional networks, CVPR 2015.
        """
        return DROPOUTS[self.ndim](rate) if rate > 0 else nn.Identity()
