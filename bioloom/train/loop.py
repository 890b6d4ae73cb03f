"""The training loop.

::

    resume - [ validate? - stop? - batch - step - average - save? ] x steps - best averaged weights

A step depends on the state before it and on (seed, step) only. So a training that was killed and continues
from its checkpoint ends with the same weights, to the last bit, as one that was never disturbed.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Protocol

import torch
from torch import nn

from bioloom.errors import BioLoomError
from bioloom.progress import Progress, SilentProgress
from bioloom.train.average import Average
from bioloom.train.feed import Batch, Feed, Source, TrainingBatches, ValidationBatches
from bioloom.train.lease import Lease
from bioloom.train.optimise import Loss, Stepper, make_optimiser, to_device
from bioloom.train.precision import channels_last, choose_precision
from bioloom.train.reproducible import reproducible, step_seed
from bioloom.train.schedule import learning_rate, warmup_steps
from bioloom.train.session import Result, Session
from bioloom.train.signals import StopSignal
from bioloom.train.state import State
from bioloom.train.validate import Validation

log = logging.getLogger(__name__)


class TrainOptions(Protocol):
    """The resolved options of a training, as `bioloom.settings.train.Train` describes them."""

    steps: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    warmup: float
    ema: float
    clip: float
    precision: str
    patience: int
    validate_every: int
    checkpoint_every: int
    seed: int
    workers: int


def train(
    model: nn.Module,
    loss: Loss,
    source: Source,
    options: TrainOptions,
    *,
    device: torch.device | str,
    checkpoints: Path,
    progress: Progress | None = None,
    threads: int | None = None,
) -> Result:
    """Train a model, or continue its training.

    Parameters
    ----------
    model : nn.Module
        Freshly built; it is moved to `device` and ends with the weights of the last step, not the best.
    loss : callable
        ``loss(logits, target, weight)`` returns the total and a dict of named parts.
    source : Source
        Makes the examples; it is pickled if ``options.workers`` is 2 or more.
    options : TrainOptions
        See there.
    device : torch.device or str
        Where to train.
    checkpoints : Path
        The folder of this training alone: ``checkpoints/<fingerprint>``. What lies there is continued.
    progress : Progress, optional
        Told about every step.
    threads : int, optional
        CPU threads; the number is part of the result.

    Raises
    ------
    BioLoomError
        If the loss stays infinite or NaN, the device lacks the precision, or another training has taken the
        folder.
    Interrupted
        After SIGTERM or SIGINT, with everything saved; it is a `SystemExit`.
    """
    device = torch.device(device)
    precision = choose_precision(options.precision, device)
    progress = progress or SilentProgress()
    with (
        reproducible(threads) as used,
        StopSignal() as stop,
        Lease(checkpoints, waiting=lambda: not stop.requested) as lease,
    ):
        model = channels_last(model.to(device))
        stepper = Stepper(model, loss, make_optimiser(model, options.weight_decay), precision, options.clip)
        session = Session(stepper, Average(model, options.ema), lease, checkpoints)
        session.resume()
        progress.start(options.steps, session.state.step)
        try:
            _run(session, source, options, device, stop, progress)
        finally:
            progress.finish()
        return session.result(used)


def _run(
    session: Session,
    source: Source,
    options: TrainOptions,
    device: torch.device,
    stop: StopSignal,
    progress: Progress,
) -> None:
    """Train until the last step, an early stop or a signal."""
    state, stepper = session.state, session.stepper
    examples = ValidationBatches(source, options.batch_size)
    validate = Validation(examples, stepper.loss, stepper.precision, device, options.workers)
    warmup = warmup_steps(options.warmup, options.steps)
    batches = TrainingBatches(source, options.batch_size)
    steps = range(state.step, options.steps)
    with Feed(batches, steps, options.workers, pin=device.type == "cuda") as feed:
        session.begin(feed)
        while True:
            if _due(state, options):
                losses = validate(session.average.module, lambda: stop.requested)
                if losses is not None:
                    session.record(losses)
            if _finished(state, options):
                return
            batch = _next(feed, stop)
            if batch is None:
                session.save()
                log.info("stopped at step %d; the same command continues from there", state.step)
                stop.leave()
            torch.manual_seed(step_seed(options.seed, state.step))
            rate = learning_rate(state.step, peak=options.learning_rate, steps=options.steps, warmup=warmup)
            session.advance(stepper(to_device(batch, device), rate), rate)
            progress.advance(session.note)
            if state.step % options.checkpoint_every == 0:
                session.save()


def _due(state: State, options: TrainOptions) -> bool:
    """Return whether the latest step is to be validated and has not been, perhaps because of a signal."""
    last = state.step == options.steps
    return state.step > 0 and (last or state.step % options.validate_every == 0) and not state.validated()


def _finished(state: State, options: TrainOptions) -> bool:
    if options.patience and state.stale >= options.patience:
        return True
    return state.step >= options.steps and state.validated()


def _next(feed: Feed, stop: StopSignal) -> Batch | None:
    """Return the next batch, or None if there is none because a signal came."""
    try:
        return None if stop.requested else next(feed)
    except (BioLoomError, RuntimeError):
        if stop.requested:  # workers that were just starting may have died of the same signal
            return None
        raise
