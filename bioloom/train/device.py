"""Which device to use: what Slurm gives, or a GPU that no other step on this machine uses, or the CPU.

The decision is made where the step runs, never where the run is planned.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from bioloom.errors import BioLoomError
from bioloom.train.claim import claimed, lock_folder

log = logging.getLogger(__name__)

GRANTS = ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS")
"""Variables in which Slurm names the GPUs that it gave to a job."""

SMALLER = (
    "a smaller batch_size or patch (train.batch_size and patch.size, infer.batch_size and infer.patch_size), "
    "or a GPU that no other program uses"
)


@contextmanager
def claimed_device(option: str) -> Iterator[torch.device]:
    """Claim the device for `option` as long as the context is open.

    Without Slurm, one process at a time uses a GPU: where several are there, each process takes another one,
    and where all are taken, it waits. Slurm's jobs share only what the site has made to be shared, so they do
    not ask each other. ``CUDA_VISIBLE_DEVICES`` narrows what there is, as everywhere.

    Parameters
    ----------
    option : str
        ``auto`` (a GPU where there is one), ``cpu``, ``cuda`` (any GPU) or ``cuda:1`` (that one).

    Raises
    ------
    BioLoomError
        If there is no such device here, or if its memory does not suffice for what is done in the context.
    """
    places = _places(option)
    if not places:
        if any(os.environ.get(name) for name in GRANTS):
            log.warning("this job was given a GPU and runs on the CPU (device: %s)", option)
        log.info("device: cpu")
        yield torch.device("cpu")
    elif any(os.environ.get(name) for name in GRANTS):
        with _used(places[0]) as device:
            yield device
    else:
        gpus = visible_gpus()
        with (
            claimed([gpus[place] for place in places], lock_folder()) as which,
            _used(places[which]) as device,
        ):
            yield device


def visible_gpus() -> list[str]:
    """Return the UUIDs of the GPUs that this process sees, in their order."""
    return [str(torch.cuda.get_device_properties(n).uuid) for n in range(torch.cuda.device_count())]


def _places(option: str) -> list[int]:
    """Return which of the visible GPUs suit an option; none means the CPU."""
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if option == "auto":
        return list(range(found))
    try:
        device = torch.device(option)
    except RuntimeError:
        device = torch.device("meta")
    if device.type not in ("cpu", "cuda"):
        raise BioLoomError(f"device: got '{option}'", allowed="auto, cpu, cuda, cuda:0, ...")
    if device.type == "cpu":
        return []
    if (device.index or 0) >= found:
        raise BioLoomError(f"device '{option}': this process sees {found} GPUs", fix="use cpu, or auto")
    return list(range(found)) if device.index is None else [device.index]


@contextmanager
def _used(place: int) -> Iterator[torch.device]:
    """Make a GPU the current one: some of PyTorch, such as pinned memory, goes to that."""
    log.info("device: cuda:%d", place)
    with torch.cuda.device(place):
        try:
            yield torch.device("cuda", place)
        except torch.OutOfMemoryError as error:
            free, total = (size / 2**30 for size in torch.cuda.mem_get_info(place))
            raise BioLoomError(
                f"cuda:{place}: its memory of {total:.1f} GiB is full, {free:.1f} GiB are free", fix=SMALLER
            ) from error
