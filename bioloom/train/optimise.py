"""One step of the optimiser."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

import torch
from torch import Tensor, nn

from bioloom.train.feed import Batch
from bioloom.train.precision import Precision

Loss = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, dict[str, Tensor]]]
"""``loss(logits, target, weight)``, all ``(N, T, *patch)`` float32, returns total and named parts."""


def make_optimiser(model: nn.Module, weight_decay: float) -> torch.optim.AdamW:
    """Return AdamW (Loshchilov and Hutter 2019) over the weights of `model`.

    Norms and biases, the parameters with one axis, do not decay: they hold no redundancy to be pruned.
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=0.0)


class Stepper:
    """Takes training steps: forward pass, gradient, clipping, update.

    Parameters
    ----------
    model : nn.Module
        The model, on its device.
    loss : callable
        See `Loss`.
    optimiser : torch.optim.Optimizer
        Updates the weights of `model`.
    precision : Precision
        What the forward pass computes in.
    clip : float
        The largest norm of the gradient; a longer one is scaled down to it (Pascanu et al. 2013).

    Attributes
    ----------
    scaler : torch.amp.GradScaler
        Scales the loss under fp16; part of the state of a training.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        optimiser: torch.optim.Optimizer,
        precision: Precision,
        clip: float,
    ) -> None:
        self.model = model
        self.loss = loss
        self.optimiser = optimiser
        self.precision = precision
        self.clip = clip
        self.scaler = precision.scaler()

    def __call__(self, batch: Batch, rate: float) -> dict[str, float] | None:
        """Take a step with learning rate `rate`.

        Parameters
        ----------
        batch : Batch
            On the device of the model.
        rate : float
            The learning rate.

        Returns
        -------
        dict of str to float or None
            ``loss`` and its named parts before the update; None if the loss or its gradient is not finite.
            Then the step has not happened: neither weights nor batch-norm statistics have changed.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        # A NaN in a batch enters the running statistics in the forward pass and would never leave them again.
        buffers = [buffer.clone() for buffer in self.model.buffers()]
        self.model.train()
        self.optimiser.zero_grad(set_to_none=True)
        total, parts = evaluate(self.model, self.loss, batch, self.precision)
        self.scaler.scale(total).backward()
        self.scaler.unscale_(self.optimiser)
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        # One transfer, so that a GPU is waited for once a step.
        values = torch.stack([norm, total.detach(), *parts.values()]).tolist()
        finite = isfinite(values[0]) and isfinite(values[1])
        if (
            finite or self.scaler.is_enabled()
        ):  # an enabled scaler skips the update itself and lowers its scale
            self.scaler.step(self.optimiser)
            self.scaler.update()
        if not finite:
            with torch.no_grad():
                for buffer, before in zip(self.model.buffers(), buffers, strict=True):
                    buffer.copy_(before)
            return None
        return dict(zip(["loss", *parts], values[1:], strict=True))


def evaluate(
    model: nn.Module, loss: Loss, batch: Batch, precision: Precision
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the loss of a batch and its named parts, all float32 scalars."""
    with precision.autocast():
        logits = model(batch["image"])
    total, parts = loss(logits.float(), batch["target"], batch["weight"])
    return total, {name: part.detach().float() for name, part in parts.items()}


def to_device(batch: Batch, device: torch.device) -> Batch:
    """Move a batch; from page-locked memory the copy overlaps with the computation."""
    return {part: values.to(device, non_blocking=True) for part, values in batch.items()}
