"""What the jobs after `plan` have to do, from a whole config or from the options that `plan` receives."""

from __future__ import annotations

from bioloom.errors import BioLoomError
from bioloom.geometry.arithmetic import Demand
from bioloom.settings.config import Config
from bioloom.settings.load import is_whole
from bioloom.tasks.recipe import pass_names, targets_of


def demand_of(options: Config, channels: int) -> Demand:
    """Return what a config asks of each patch and block.

    Parameters
    ----------
    options : Config
        Without any ``auto`` left in `model` and `infer`. Options of `plan` alone do not tell the
        network, and stand for the default operations of the task and the halo of the fingerprint.
    channels : int
        Channels of the images.

    Raises
    ------
    BioLoomError
        If the options do not name a task.
    """
    if not options.task:
        raise BioLoomError("the options name no task", fix="give the config of the run as --options")
    targets = len(targets_of(options).channels(len(options.infer.patch_size)))
    network = network_bytes(options, channels, targets) if is_whole(options.model_dump()) else None
    # as the step does: the largest one along every axis
    halo, batch_size = max(map(int, options.infer.halo)), int(options.infer.batch_size)
    return Demand(channels, targets, batch_size, halo, len(pass_names(options)), network)


def network_bytes(options: Config, channels: int, targets: int) -> int:
    """Return the bytes that the network of a config takes for one batch, in float32, without training it."""
    from bioloom.models.build import build_model
    from bioloom.models.cost import estimate_memory_bytes

    size = tuple(map(int, options.infer.patch_size))
    module = build_model(options.model, channels, targets, len(size))
    return estimate_memory_bytes(module, size, batch_size=int(options.infer.batch_size))
