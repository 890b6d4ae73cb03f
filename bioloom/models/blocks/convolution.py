"""The plain block of a U-Net."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from bioloom.models.blocks.layers import Layers


class ConvolutionBlock(nn.Module):
    """Convolution, normalisation, activation, one after another `convolutions` times, then dropout.

    Source: Ronneberger et al., U-Net, MICCAI 2015, with padding and normalisation.

    Parameters
    ----------
    layers : Layers
        Maker of the layers.
    inputs, outputs : int
        Channels before and after the block.
    kernel : sequence of int
        Side of the convolutions per spatial axis, in voxels.
    convolutions : int
        How many there are, at least one.
    dropout : float
        Share of the channels dropped after the block in training.
    """

    def __init__(
        self,
        layers: Layers,
        inputs: int,
        outputs: int,
        *,
        kernel: Sequence[int],
        convolutions: int,
        dropout: float,
    ) -> None:
        super().__init__()
        widths = [inputs] + [outputs] * convolutions
        self.body = nn.Sequential()
        for before, after in pairwise(widths):
            self.body.extend([*layers.convolve(before, after, kernel), layers.activate()])
        self.dropout = layers.drop(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, *spatial) to (N, outputs, *spatial)."""
        return self.dropout(self.body(x))
