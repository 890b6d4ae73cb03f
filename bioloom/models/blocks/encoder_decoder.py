"""The skeleton that the U-Nets share: an encoder, a decoder and skip connections between them."""

from __future__ import annotations

import warnings
from typing import Protocol

import torch
from torch import Tensor, nn

from bioloom.models.blocks.initialize import initialize
from bioloom.models.blocks.layers import CONVOLUTIONS, Layers
from bioloom.models.blocks.levels import check_sides, plan_levels
from bioloom.models.blocks.resample import downsample, upsample
from bioloom.models.options import UNetFamilyOptions


class Block(Protocol):
    """A class of modules that map (N, inputs, *spatial) to (N, outputs, *spatial)."""

    def __call__(
        self,
        layers: Layers,
        inputs: int,
        outputs: int,
        *,
        kernel: tuple[int, ...],
        convolutions: int,
        dropout: float,
    ) -> nn.Module:
        """Make one block."""


class EncoderDecoder(nn.Module):
    """Blocks at falling resolution, blocks at rising resolution, a skip at every resolution, a head.

    Weights start as Kaiming et al. propose for the activation (`initialize`). The network has no operation
    that leaves the channels-last memory format or needs float32, so that it runs whole in bfloat16 autocast.

    Parameters
    ----------
    options : UNetFamilyOptions
        Widths, kernels, poolings and so on; ``auto`` takes the defaults stated there.
    block : Block
        What stands at every resolution; the only thing in which the U-Nets differ.
    in_channels, out_channels : int
        Channels of the images and of the result.
    ndim : int
        Number of spatial axes, 2 or 3.

    Attributes
    ----------
    divisor : tuple of int
        What the patch sides must be multiples of, per spatial axis.

    Raises
    ------
    BioLoomError
        If a list of the options has not one entry per spatial axis.
    """

    def __init__(
        self, options: UNetFamilyOptions, block: Block, *, in_channels: int, out_channels: int, ndim: int
    ) -> None:
        super().__init__()
        _warn_of_patch_statistics(options.normalization)
        levels = plan_levels(options, ndim)
        layers = Layers(ndim, options.normalization, options.activation)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.ndim = ndim
        self.divisor = levels.divisor

        def make(inputs: int, level: int) -> nn.Module:
            return block(
                layers,
                inputs,
                widths[level],
                kernel=levels.kernels[level],
                convolutions=options.convolutions,
                dropout=levels.dropouts[level],
            )

        widths = levels.feature_maps
        above = (in_channels, *widths)
        upwards = range(len(widths) - 2, -1, -1)
        self.encoder = nn.ModuleList(make(above[level], level) for level in range(len(widths)))
        self.downsampling = nn.ModuleList(
            downsample(options.downsampling, factors) for factors in levels.pooling
        )
        self.upsampling = nn.ModuleList(
            upsample(options.upsampling, widths[level + 1], widths[level], levels.pooling[level])
            for level in upwards
        )
        self.decoder = nn.ModuleList(make(2 * widths[level], level) for level in upwards)
        self.head = CONVOLUTIONS[ndim](widths[0], out_channels, 1)
        initialize(self, options.activation)

    def forward(self, images: Tensor) -> Tensor:
        """Compute the raw values (logits) of every voxel.

        Parameters
        ----------
        images : Tensor, (N, in_channels, *spatial), floating
            Normalised images; every side a multiple of `divisor`.

        Returns
        -------
        Tensor, (N, out_channels, *spatial)
            No activation applied.

        Raises
        ------
        BioLoomError
            For other sides, with the nearest allowed size.
        """
        check_sides(images.shape[2:], self.divisor)
        x = self.encoder[0](images)
        skips = []
        for downsample_, block in zip(self.downsampling, self.encoder[1:], strict=True):
            skips.append(x)
            x = block(downsample_(x))
        for upsample_, block in zip(self.upsampling, self.decoder, strict=True):
            x = block(torch.cat((skips.pop(), upsample_(x)), dim=1))
        return self.head(x)


def _warn_of_patch_statistics(normalization: str) -> None:
    if normalization in ("instance", "group"):
        warnings.warn(
            f"model.normalization: {normalization} takes its statistics from each patch, so that predictions "
            "depend on the patch grid and empty regions are amplified; batch has neither fault",
            stacklevel=5,
        )
