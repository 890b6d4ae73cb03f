"""One training: the objects that change, the numbers, and where they are saved."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite, nan
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bioloom.errors import BioLoomError
from bioloom.train.average import Average
from bioloom.train.checkpoint import Checkpoints, read_state
from bioloom.train.feed import Feed
from bioloom.train.history import write_history
from bioloom.train.lease import Lease
from bioloom.train.optimise import Stepper
from bioloom.train.state import Row, State, averaged_weights, capture, restore

log = logging.getLogger(__name__)

LEFT_OUT_LIMIT = 10
"""So many steps in a row without a finite loss end the training. (fp16 needs a few to find its scale.)"""


@dataclass(frozen=True)
class Result:
    """What a training made.

    Parameters
    ----------
    weights : dict of str to Tensor
        The averaged weights and batch-norm statistics of the best step, on the CPU.
    best_step : int
        That step, or the last one if nothing was validated.
    val_loss : float
        Its validation loss; NaN if nothing was validated.
    steps : int
        Steps done; fewer than asked for after an early stop.
    history : list of dict
        The rows of ``history.csv``, see `bioloom.train.history`.
    precision : str
        The number format in use.
    threads : int
        The number of CPU threads in use.
    """

    weights: dict[str, Tensor]
    best_step: int
    val_loss: float
    steps: int
    history: list[Row]
    precision: str
    threads: int


class Session:
    """Everything that belongs to one training.

    Parameters
    ----------
    stepper, average : Stepper, Average
        Hold the model, the optimiser and the averaged weights.
    lease : Lease
        The right to write into `folder`.
    folder : Path
        Where checkpoints and ``history.csv`` go.

    Attributes
    ----------
    state : State
        The numbers.
    note : str
        How the latest step went.
    """

    def __init__(self, stepper: Stepper, average: Average, lease: Lease, folder: Path) -> None:
        self.stepper = stepper
        self.average = average
        self.state = State()
        self.note = ""
        self._lease = lease
        self._folder = folder
        self._checkpoints = Checkpoints(folder)

    def resume(self) -> None:
        """Continue from the newest checkpoint, if there is one."""
        saved = self._checkpoints.newest()
        if saved is None:
            return
        self.state = state = restore(saved, self.stepper, self.average)
        log.info("continuing at step %d", state.step)
        now = {"precision": self.stepper.precision.name, "threads": torch.get_num_threads()}
        for name, value in now.items():
            if saved[name] != value:
                log.warning("%s was %s and is %s now: the last digits will differ", name, saved[name], value)
        if state.best_step and self._best() is None:
            log.warning("the best weights, of step %d, are lost; looking for new ones", state.best_step)
            state.best_step, state.best_loss, state.stale = 0, inf, 0

    def begin(self, feed: Feed) -> None:
        """Start the clock."""
        self._feed = feed
        self._clock, self._waited = time.perf_counter(), feed.waited

    def advance(self, losses: dict[str, float] | None, rate: float) -> None:
        """Take a step into account, and end a training whose loss stays infinite or NaN."""
        self.state.count(losses, rate)
        if losses is not None:
            self.average.update(self.stepper.model)
            self.note = f"loss {losses['loss']:.4g}"
            return
        log.warning("step %d: the loss or its gradient is not finite, step left out", self.state.step)
        if self.state.left_out >= LEFT_OUT_LIMIT:
            raise BioLoomError(
                f"step {self.state.step}: the loss was infinite or NaN {LEFT_OUT_LIMIT} times in a row",
                fix="lower train.learning_rate, set train.precision: fp32, or look for NaN in the images",
            )

    def record(self, losses: Mapping[str, float]) -> None:
        """Take a validation into account and save."""
        self._tick()
        improved = self.state.record(losses)
        self.save(best=improved)
        write_history(self._folder / "history.csv", self.state.history)

    def save(self, *, best: bool = False) -> None:
        """Write a checkpoint, if the folder is still ours."""
        self._lease.check()
        self._tick()
        self._checkpoints.save(capture(self.state, self.stepper, self.average), best=best)

    def result(self, threads: int) -> Result:
        """Return the outcome, with the averaged weights of the best step."""
        state, best = self.state, self._best()
        if best is None:
            log.warning("no validation gave a finite loss; the weights of the last step are taken")
        return Result(
            weights=averaged_weights(best, self.average.module),
            best_step=state.best_step if best else state.step,
            val_loss=state.best_loss if best and isfinite(state.best_loss) else nan,
            steps=state.step,
            history=state.history,
            precision=self.stepper.precision.name,
            threads=threads,
        )

    def _best(self) -> dict[str, Any] | None:
        """Return the saved state of the best step, None if there is none or it is damaged."""
        saved = read_state(self._checkpoints.best) if self.state.best_step else None
        return saved if saved and saved["step"] == self.state.best_step else None

    def _tick(self) -> None:
        clock, waited = time.perf_counter(), self._feed.waited
        self.state.seconds += clock - self._clock
        self.state.waited += waited - self._waited
        self._clock, self._waited = clock, waited
