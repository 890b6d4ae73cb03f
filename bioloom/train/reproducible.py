"""Same seed, same result: the seeds of single steps and the switches of PyTorch that decide it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


def step_seed(seed: int, step: int) -> int:
    """Return the seed of one training step, unrelated to that of every other step and other `seed`.

    A run that continues at step 700 seeds step 700 as an undisturbed one does, so no generator is ever saved.
    """
    return int(np.random.SeedSequence((seed, step)).generate_state(1, np.uint64)[0])


@contextmanager
def reproducible(threads: int | None = None) -> Iterator[int]:
    """Compute deterministically inside the context, with a fixed number of CPU threads.

    Parameters
    ----------
    threads : int, optional
        CPU threads of one operation; sums are split by threads, so their number belongs to the result. As it
        stands if not given or 0.

    Yields
    ------
    int
        The number of threads in use.

    Notes
    -----
    A few operations have no deterministic version on a GPU (the gradient of trilinear interpolation); PyTorch
    warns about them instead of failing.
    """
    memory: Any = torch.utils.deterministic  # its one switch is a property that type checkers do not see
    # cuBLAS reads this when its first handle is made; without it the matrix products may differ between runs.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        memory.fill_uninitialized_memory,
        torch.backends.cudnn.benchmark,
    )
    try:
        if threads:
            torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True, warn_only=True)
        # Filling fresh memory with NaN finds bugs but costs a pass over every activation.
        memory.fill_uninitialized_memory = False
        torch.backends.cudnn.benchmark = False
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1], warn_only=before[2])
        memory.fill_uninitialized_memory = before[3]
        torch.backends.cudnn.benchmark = before[4]
