"""Residual U-Net."""

from __future__ import annotations

from bioloom.models.blocks.encoder_decoder import EncoderDecoder
from bioloom.models.blocks.residual import ResidualBlock
from bioloom.models.options import ResidualUNetOptions


def residual_unet(
    options: ResidualUNetOptions, *, in_channels: int, out_channels: int, ndim: int
) -> EncoderDecoder:
    """Return a U-Net of residual blocks (Zhang et al., Deep residual U-Net, IEEE GRSL 2018)."""
    return EncoderDecoder(
        options, ResidualBlock, in_channels=in_channels, out_channels=out_channels, ndim=ndim
    )
