"""U-Net."""

from __future__ import annotations

from bioloom.models.blocks.convolution import ConvolutionBlock
from bioloom.models.blocks.encoder_decoder import EncoderDecoder
from bioloom.models.options import UNetOptions


def unet(options: UNetOptions, *, in_channels: int, out_channels: int, ndim: int) -> EncoderDecoder:
    """Return a U-Net (Ronneberger et al., MICCAI 2015; in 3D: Çiçek et al., MICCAI 2016).

    With the widths 16, 32, 64, 128, 256, kernel 3, transposed convolutions, one channel in and out it has
    1,942,289 parameters in 2D and 5,646,385 in 3D. BiaPy's U-Net of the same widths has 1,952 more,
    1,944,241 and 5,648,337: there every convolution before a normalisation has a bias, which the
    normalisation cancels (2 x (16 + ... + 256) in the encoder and 2 x (16 + ... + 128) in the decoder:
    1,472), and a normalisation with scale and shift follows each transposed convolution
    (2 x (16 + ... + 128): 480).
    """
    return EncoderDecoder(
        options, ConvolutionBlock, in_channels=in_channels, out_channels=out_channels, ndim=ndim
    )
