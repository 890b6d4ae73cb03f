"""Averaged weights: what is validated and exported."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import nn


class Average:
    """The exponential moving average of a model's weights and of its batch-norm statistics.

    Averaging smooths the noise of the last steps away and does so without a second phase of training (Polyak
    and Juditsky 1992; Tarvainen and Valpola 2017). While there are few updates the decay is
    ``(1 + updates) / (10 + updates)``, so that the random weights of the start are soon forgotten (the rule
    of TensorFlow's ``ExponentialMovingAverage``).

    Parameters
    ----------
    model : nn.Module
        The model that is trained; it is copied.
    decay : float
        The share of the average that one update keeps, 0 (always the newest weights) to below 1.

    Attributes
    ----------
    module : nn.Module
        The averaged model, in evaluation mode and without gradients.
    updates : int
        How many updates the average holds.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.module = deepcopy(model).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0

    def current_decay(self) -> float:
        """Return the decay of the next update."""
        return min(self.decay, (1 + self.updates) / (10 + self.updates))

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take the weights of `model` in; what is no float (counts of batches) is copied."""
        new = 1 - self.current_decay()
        newest = model.state_dict()
        for name, value in self.module.state_dict().items():
            if value.is_floating_point():
                value.lerp_(newest[name], new)
            else:
                value.copy_(newest[name])
        self.updates += 1

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"weights": self.module.state_dict(), "updates": self.updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Put back what `state_dict` returned."""
        self.module.load_state_dict(state["weights"])
        self.updates = state["updates"]
