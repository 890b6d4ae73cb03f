"""What a training has done so far, in plain numbers, and how that becomes a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import inf, nan
from typing import Any

import torch
from torch import nn

from bioloom.errors import BioLoomError
from bioloom.train.average import Average
from bioloom.train.optimise import Stepper

Row = dict[str, float]


@dataclass
class State:
    """The numbers of a training.

    Parameters
    ----------
    step : int
        Steps done; those that were left out because of a loss that is not finite count.
    left_out : int
        How many of the latest steps in a row were left out.
    best_step : int
        The step with the lowest validation loss; 0: none yet.
    best_loss : float
        That loss.
    stale : int
        Validations since then.
    history : list of dict
        The rows of ``history.csv``.
    sums : dict of str to float
        Losses added up since the last row, and under ``""`` how many there are.
    rate : float
        The learning rate of the latest step.
    seconds, waited : float
        How long the training has taken, and how much of it the loop waited for data; all sessions together.
    row_seconds, row_waited : float
        The same up to the last row.
    """

    step: int = 0
    left_out: int = 0
    best_step: int = 0
    best_loss: float = inf
    stale: int = 0
    history: list[Row] = field(default_factory=list)
    sums: dict[str, float] = field(default_factory=dict)
    rate: float = 0.0
    seconds: float = 0.0
    waited: float = 0.0
    row_seconds: float = 0.0
    row_waited: float = 0.0

    def count(self, losses: Mapping[str, float] | None, rate: float) -> None:
        """Take note of a step: its losses, or None if it was left out."""
        self.step += 1
        self.rate = rate
        self.left_out = self.left_out + 1 if losses is None else 0
        if losses is not None:
            for name, value in {"": 1.0, **losses}.items():
                self.sums[name] = self.sums.get(name, 0.0) + value

    def validated(self) -> bool:
        """Return whether the latest step has its row."""
        return bool(self.history) and self.history[-1]["step"] == self.step

    def record(self, validation: Mapping[str, float]) -> bool:
        """Add a row and return whether the averaged weights are the best so far.

        Without validation examples (an empty `validation`) the latest weights are the best ones.
        """
        count = self.sums.pop("", 0.0)
        trained = {name: total / count for name, total in self.sums.items()} if count else {}
        took = self.seconds - self.row_seconds
        self.history.append(
            {
                "step": self.step,
                "learning_rate": self.rate,
                "train_loss": trained.pop("loss", nan),
                "val_loss": validation.get("loss", nan),
                **{f"train_{name}": value for name, value in trained.items()},
                **{f"val_{name}": value for name, value in validation.items() if name != "loss"},
                "seconds": self.seconds,
                "waiting": (self.waited - self.row_waited) / took if took > 0 else 0.0,
            }
        )
        self.sums = {}
        self.row_seconds, self.row_waited = self.seconds, self.waited
        loss = validation.get("loss", nan)
        improved = not validation or loss < self.best_loss
        if improved:
            self.best_step, self.best_loss = self.step, loss if validation else inf
        self.stale = 0 if improved else self.stale + 1
        return improved


def capture(state: State, stepper: Stepper, average: Average) -> dict[str, Any]:
    """Return the full state of a training, to be saved."""
    return {
        "step": state.step,
        "numbers": asdict(state),
        "model": stepper.model.state_dict(),
        "optimiser": stepper.optimiser.state_dict(),
        "scaler": stepper.scaler.state_dict(),
        "average": average.state_dict(),
        "precision": stepper.precision.name,
        "threads": torch.get_num_threads(),
    }


def restore(saved: Mapping[str, Any], stepper: Stepper, average: Average) -> State:
    """Put a full state back and return its numbers.

    Raises
    ------
    BioLoomError
        If the state belongs to another model.
    """
    try:
        stepper.model.load_state_dict(saved["model"])
        stepper.optimiser.load_state_dict(saved["optimiser"])
        if saved["scaler"]:  # empty unless it was an fp16 training
            stepper.scaler.load_state_dict(saved["scaler"])
        average.load_state_dict(saved["average"])
        return State(**saved["numbers"])
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise BioLoomError(
            "the checkpoint belongs to another model or training",
            fix="remove the folder of checkpoints, or give every training its own",
        ) from error


def averaged_weights(saved: Mapping[str, Any] | None, module: nn.Module) -> dict[str, torch.Tensor]:
    """Return the averaged weights of a saved state, or those of `module` if there is none, on the CPU."""
    weights = saved["average"]["weights"] if saved else module.state_dict()
    return {name: value.detach().cpu().contiguous().clone() for name, value in weights.items()}
