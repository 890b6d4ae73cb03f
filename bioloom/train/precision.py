"""What the device computes in: number format and memory layout of the convolutions."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from bioloom.errors import BioLoomError

ModuleType = TypeVar("ModuleType", bound=nn.Module)

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

# Tensor cores, without which half precision is no faster, came with compute capability 7 (Volta).
TENSOR_CORES = (7, 0)

# bf16 and fp32 share their range of exponents; fp16 ends at 65504, so small gradients are scaled up. PyTorch
# begins at 2**16 and halves at every overflow; from 2**12 fewer of the first steps are lost.
INITIAL_SCALE = 2.0**12


@dataclass(frozen=True)
class Precision:
    """The number format of a training or a prediction.

    Parameters
    ----------
    name : str
        ``"fp32"``, ``"bf16"`` or ``"fp16"``. Weights, losses and averages are float32 always; the name says
        what convolutions and matrix products compute in.
    device : str
        The type of the device, ``"cpu"`` or ``"cuda"``.
    """

    name: str
    device: str

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context in which the forward pass runs."""
        return torch.autocast(self.device, DTYPES[self.name], enabled=self.name != "fp32")

    def scaler(self) -> torch.amp.GradScaler:
        """Return the scaler of the loss, which does nothing unless the format is fp16."""
        return torch.amp.GradScaler(self.device, init_scale=INITIAL_SCALE, enabled=self.name == "fp16")


def choose_precision(option: str, device: torch.device) -> Precision:
    """Return the precision for `option`: ``auto`` takes the fastest format that the device computes itself.

    Parameters
    ----------
    option : str
        ``"auto"``, ``"fp32"``, ``"bf16"`` or ``"fp16"``.
    device : torch.device
        Where to compute.

    Raises
    ------
    BioLoomError
        If the device cannot compute in the format that was asked for.
    """
    native = _native_formats(device)
    if option == "auto":
        return Precision(native[0], device.type)
    if option not in DTYPES:
        raise BioLoomError(f"precision: got '{option}'", allowed="auto, fp32, bf16, fp16")
    # A CPU without bf16 instructions computes the same numbers slowly; that suits a trial on a laptop.
    if option not in native and (option, device.type) != ("bf16", "cpu"):
        raise BioLoomError(
            f"precision: {device.type} here does not compute in {option}",
            allowed=", ".join(["auto", *native]),
            fix="set precision: auto",
        )
    return Precision(option, device.type)


def _native_formats(device: torch.device) -> list[str]:
    """Return the formats the device has instructions for, the one to prefer first."""
    if device.type == "cpu":
        probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        return ["bf16", "fp32"] if any(getattr(torch.cpu, probe, bool)() for probe in probes) else ["fp32"]
    if device.type == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return ["bf16", "fp32", "fp16"]
        return (
            ["fp16", "fp32"] if torch.cuda.get_device_capability(device) >= TENSOR_CORES else ["fp32", "fp16"]
        )
    return ["fp32"]


def channels_last(module: ModuleType) -> ModuleType:
    """Lay out the weights of 2D and 3D convolutions channels-last, in place, and return the module."""
    for parameter in module.parameters():  # `module.to(memory_format=...)` fails where the ranks are mixed
        parameter.data = channels_last_tensor(parameter.data)
    return module


def channels_last_tensor(tensor: Tensor) -> Tensor:
    """Return a tensor ``(N, C, *spatial)`` laid out channels-last; other ranks are made contiguous."""
    layouts = {4: torch.channels_last, 5: torch.channels_last_3d}
    return tensor.contiguous(memory_format=layouts.get(tensor.ndim, torch.contiguous_format))
