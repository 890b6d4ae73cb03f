"""Which device to use."""

from __future__ import annotations

import torch

from bioloom.errors import BioLoomError


def choose_device(option: str) -> torch.device:
    """Return the device for `option`: ``auto`` is a GPU where there is one.

    Raises
    ------
    BioLoomError
        If there is no such device here.
    """
    if option == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(option)
    except RuntimeError:
        raise BioLoomError(f"device: got '{option}'", allowed="auto, cpu, cuda, cuda:0, ...") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        found = torch.cuda.device_count()
        raise BioLoomError(f"device '{option}': this machine has {found} GPUs", fix="use cpu, or auto")
    return device
