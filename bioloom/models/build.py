"""A network from its options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from bioloom.models import MODELS


def build_model(options: Any, in_channels: int, out_channels: int, ndim: int) -> nn.Module:
    """Build the network that `options` name, with freshly drawn weights.

    Parameters
    ----------
    options : options of a model, mapping or str
        As `MODELS.parse` takes it: the options object, ``{"name": "unet", ...}`` or a name.
    in_channels, out_channels : int
        Channels of the images and of the target.
    ndim : int
        Number of spatial axes, 2 or 3.

    Returns
    -------
    nn.Module
        Maps (N, in_channels, *spatial) to raw values (N, out_channels, *spatial); has `in_channels`,
        `out_channels`, `ndim` and `divisor`, what the patch sides must be multiples of.

    Raises
    ------
    BioLoomError
        For an unknown name, or options that do not fit the number of axes.
    """
    parsed: Any = MODELS.parse(options)
    return MODELS[parsed.name](parsed, in_channels=in_channels, out_channels=out_channels, ndim=ndim)


def begin_near(model: nn.Module, starts: Sequence[float]) -> None:
    """Let the outputs of an untrained model begin near some values, by the bias of its last convolution.

    With rare positives a sigmoid had better begin low (Lin et al., Focal Loss for Dense Object Detection,
    ICCV 2017, section 4.1), since a bias moves by no more than the learning rate in a step.

    Parameters
    ----------
    model : nn.Module
        Its last convolution is called ``head``.
    starts : sequence of float
        Raw values, one per channel.
    """
    head: Any = model.head
    with torch.no_grad():
        head.bias.copy_(torch.tensor(starts))


def parameter_count(model: nn.Module) -> int:
    """Return the number of trainable values."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
