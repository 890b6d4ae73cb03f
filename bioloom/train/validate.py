"""The loss of the averaged weights on the validation examples."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from bioloom.train.feed import Batch, Feed, ValidationBatches
from bioloom.train.optimise import Loss, evaluate, to_device
from bioloom.train.precision import Precision

KEPT_BYTES = 2**28
"""Validation batches are kept from one validation to the next up to this size; the others are made again."""


class Validation:
    """Validates a model on examples that never change.

    Parameters
    ----------
    batches : ValidationBatches
        The examples.
    loss : callable
        See `Loss`.
    precision : Precision
        What the forward pass computes in.
    device : torch.device
        Where the models are.
    workers : int
        Whether batches are made beside the loop (1 and more) or in it (0).
    """

    def __init__(
        self, batches: ValidationBatches, loss: Loss, precision: Precision, device: torch.device, workers: int
    ) -> None:
        self._make = _Kept(batches)
        self._examples = batches
        self._loss = loss
        self._precision = precision
        self._device = device
        self._workers = min(workers, 1)  # processes would take longer to start than most validations

    @torch.no_grad()
    def __call__(self, model: nn.Module, interrupted: Callable[[], bool]) -> dict[str, float] | None:
        """Return the mean over all examples of ``loss`` and its named parts.

        Returns
        -------
        dict of str to float or None
            Empty if there are no examples; None if `interrupted` said so in between.
        """
        model.eval()
        sums: dict[str, float] = {}
        count = 0
        with Feed(self._make, range(len(self._examples)), self._workers) as batches:
            for batch in batches:
                if interrupted():
                    return None
                total, parts = evaluate(model, self._loss, to_device(batch, self._device), self._precision)
                names = ["loss", *parts]
                size = len(batch["image"])
                for name, value in zip(names, torch.stack([total, *parts.values()]).tolist(), strict=True):
                    sums[name] = sums.get(name, 0.0) + size * value
                count += size
        return {name: value / count for name, value in sums.items()}


class _Kept:
    """Batches by index, the first ones kept in memory."""

    def __init__(self, batches: ValidationBatches) -> None:
        self._batches = batches
        self._kept: dict[int, Batch] = {}
        self._bytes = 0

    def __call__(self, index: int) -> Batch:
        if index in self._kept:
            return self._kept[index]
        batch = self._batches(index)
        size = sum(values.nbytes for values in batch.values())
        if self._bytes + size <= KEPT_BYTES:
            self._kept[index] = batch
            self._bytes += size
        return batch
