"""What a network costs per patch, found by running it on shapes alone (PyTorch's ``meta`` device)."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import deepcopy
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from bioloom.models.build import parameter_count

Precision = Literal["fp32", "bf16", "fp16"]
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
# Weights, averaged weights and the two moments of AdamW, in float32 whatever the precision.
TRAINING_BYTES_PER_PARAMETER = 4 * 4


def estimate_flops(model: nn.Module, patch_size: Sequence[int], *, training: bool = False) -> int:
    """Count the floating-point operations for one patch, a multiplication and an addition as two.

    Parameters
    ----------
    model : nn.Module
        A network with the attribute `in_channels`, as `build_model` makes it; it is not changed.
    patch_size : sequence of int
        Sides of the patch in voxels.
    training : bool
        Forward and backward instead of forward alone.

    Returns
    -------
    int
        Operations of convolutions and matrix products; the rest is negligible.
    """
    counter = FlopCounterMode(display=False)
    _run_on_meta(model, patch_size, 1, torch.float32, training, counter)
    return int(counter.get_total_flops())


def estimate_memory_bytes(
    model: nn.Module,
    patch_size: Sequence[int],
    *,
    batch_size: int = 1,
    training: bool = False,
    precision: Precision = "fp32",
) -> int:
    """Estimate the largest amount of memory that weights and intermediate results take at one moment.

    Parameters
    ----------
    model : nn.Module
        A network with the attribute `in_channels`, as `build_model` makes it; it is not changed.
    patch_size : sequence of int
        Sides of the patch in voxels.
    batch_size : int
        Patches at once.
    training : bool
        Forward, backward, gradients, averaged weights and AdamW instead of forward alone.
    precision : {"fp32", "bf16", "fp16"}
        Of the intermediate results; weights stay in float32 beside their copy in a narrower type.

    Returns
    -------
    int
        Bytes, without the images read ahead, the libraries' scratch space and the interpreter.
    """
    meter = _PeakMeter()
    _run_on_meta(model, patch_size, batch_size, DTYPES[precision], training, meter)
    parameters = parameter_count(model)
    copies = 0 if precision == "fp32" else parameters * 2
    return meter.peak + copies + parameters * (TRAINING_BYTES_PER_PARAMETER if training else 4)


class _PeakMeter(TorchDispatchMode):
    """Follows the bytes of all storages made inside the context, and their largest sum."""

    def __init__(self) -> None:
        super().__init__()
        self.live = 0
        self.peak = 0
        self._known: weakref.WeakSet[torch.UntypedStorage] = weakref.WeakSet()

    def __torch_dispatch__(
        self, func: Callable, types: Any, args: Sequence = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run an operation and count the storages of its results that were not there before."""
        for given in tree_leaves((args, kwargs)):
            if isinstance(given, Tensor):
                self._known.add(given.untyped_storage())  # a view of it is no new one
        results = func(*args, **(kwargs or {}))
        for result in tree_leaves(results):
            if isinstance(result, Tensor):
                self._count(result.untyped_storage())
        return results

    def _count(self, storage: torch.UntypedStorage) -> None:
        if storage in self._known:
            return
        self._known.add(storage)
        self.live += storage.nbytes()
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._release, storage.nbytes())

    def _release(self, size: int) -> None:
        self.live -= size


def _run_on_meta(
    model: nn.Module,
    patch_size: Sequence[int],
    batch_size: int,
    dtype: torch.dtype,
    training: bool,
    watcher: AbstractContextManager,
) -> None:
    # Evaluation mode also for training: batch norm refuses a bottleneck of one voxel, and costs the same.
    shadow: Any = deepcopy(model).to("meta", dtype).eval()
    images = torch.empty(batch_size, shadow.in_channels, *patch_size, device="meta", dtype=dtype)
    with watcher, torch.set_grad_enabled(training):
        values = shadow(images)
        if training:
            values.sum().backward()
