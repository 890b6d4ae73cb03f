"""How the weights of a network start."""

from __future__ import annotations

from math import prod, sqrt

from torch import nn
from torch.nn.init import calculate_gain, normal_, zeros_

from bioloom.models.options import Activation

# ELU, GELU and SiLU have no closed form; they are near enough to ReLU to take its gain.
GAINS = {"leaky_relu": calculate_gain("leaky_relu", 0.01)}
CONVOLUTIONS = (nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose2d, nn.ConvTranspose3d)


def initialize(network: nn.Module, activation: Activation) -> None:
    """Draw normal weights that keep the size of the signal from layer to layer; biases start at 0.

    The standard deviation is ``gain / sqrt(fan_in)``, where `fan_in` is how many inputs each output sums.
    Convolutions take the gain of the activation (He et al., Delving deep into rectifiers, ICCV 2015).
    Transposed convolutions, which no activation follows, take gain 1: their result stands beside the skip in
    equal size. There every output sees one kernel position, since the kernel is as large as the stride.
    Normalisations keep PyTorch's start (scale 1, shift 0).
    """
    for module in network.modules():
        if isinstance(module, CONVOLUTIONS):
            fan_in = module.in_channels * prod(module.kernel_size)
            gain = GAINS.get(activation, sqrt(2))
        elif isinstance(module, TRANSPOSED):
            fan_in, gain = module.in_channels, 1.0
        else:
            continue
        normal_(module.weight, std=gain / sqrt(fan_in))
        if module.bias is not None:
            zeros_(module.bias)
