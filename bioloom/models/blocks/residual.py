"""The block of a residual U-Net."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from bioloom.models.blocks.layers import Layers


class ResidualBlock(nn.Module):
    r"""Convolutions whose result is added to the block's input before the last activation.

    ::

        x --- convolve - activate - ... - convolve --- + --- activate - dropout
          \--- as it is, or 1 x 1 convolution -------/

    The input is convolved (side 1, normalised) only where the number of channels changes.
    Source: He et al., Deep residual learning for image recognition, CVPR 2016 (option B).

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
        self.body = nn.Sequential(*layers.convolve(inputs, outputs, kernel))
        for _ in range(convolutions - 1):
            self.body.extend([layers.activate(), *layers.convolve(outputs, outputs, kernel)])
        same = inputs == outputs
        self.shortcut = nn.Identity() if same else layers.convolve(inputs, outputs, (1,) * layers.ndim)
        self.activation = layers.activate()
        self.dropout = layers.drop(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, *spatial) to (N, outputs, *spatial)."""
        # In place: neither a convolution nor a normalisation needs its own result for its derivative.
        result = self.body(x).add_(self.shortcut(x))
        return self.dropout(self.activation(result))
