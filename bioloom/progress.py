"""How far a long piece of work is: a bar on a terminal, now and then a line in a log.

A log file is read later and by others, so it gets a line every few per cent instead of a bar that rewrites
itself.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import Protocol, TextIO

from tqdm import tqdm

log = logging.getLogger(__name__)


class Progress(Protocol):
    """What work reports to: ``start`` once, ``advance`` after every unit, ``finish`` at the end."""

    def start(self, total: int, done: int = 0) -> None:
        """Begin with `done` of `total` units behind us (an earlier run may have made them)."""

    def advance(self, note: str = "") -> None:
        """Count one unit; `note` says how it went (``"loss 0.213"``)."""

    def finish(self) -> None:
        """End, whether or not everything was done."""


class SilentProgress:
    """Says nothing."""

    def start(self, total: int, done: int = 0) -> None:
        """Begin."""

    def advance(self, note: str = "") -> None:
        """Count one unit."""

    def finish(self) -> None:
        """End."""


class TerminalProgress:
    """A bar that rewrites itself.

    Parameters
    ----------
    label, unit : str
        What is done and what is counted, for example ``"train"`` and ``"step"``.
    """

    def __init__(self, label: str, unit: str) -> None:
        self._label = label
        self._unit = unit
        self._bar: tqdm | None = None

    def start(self, total: int, done: int = 0) -> None:
        """Draw the bar."""
        self._bar = tqdm(total=total, initial=done, desc=self._label, unit=self._unit, dynamic_ncols=True)

    def advance(self, note: str = "") -> None:
        """Move the bar by one unit."""
        assert self._bar is not None, "start() comes first"
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.update()

    def finish(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()


class LogProgress:
    """A line every few per cent: ``train: 120/400 steps (30 %), loss 0.213, 1.9 steps/s, 2 min 27 s left``.

    Parameters
    ----------
    label, unit : str
        What is done and what is counted.
    every : float
        The share of the work between two lines, 0 to 1.
    clock : callable
        Seconds, only their differences matter.
    """

    def __init__(
        self, label: str, unit: str, *, every: float = 0.05, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._label = label
        self._units = f"{unit}es" if unit.endswith("ch") else f"{unit}s"
        self._every = every
        self._clock = clock
        self._total = self._first = self._done = self._next = 0
        self._began = 0.0

    def start(self, total: int, done: int = 0) -> None:
        """Begin to measure the speed here: what an earlier run has done does not count as fast."""
        self._total, self._first, self._done = total, done, done
        self._began = self._clock()
        self._next = self._following(done)

    def advance(self, note: str = "") -> None:
        """Count one unit and log a line if it is time for one."""
        self._done += 1
        if self._done >= self._next or self._done == self._total:
            self._next = self._following(self._done)
            log.info(self._line(note))

    def finish(self) -> None:
        """Nothing is left to be closed."""

    def _following(self, done: int) -> int:
        """Return the next multiple of the interval after `done`, so that resumed runs log the same steps."""
        interval = max(1, round(self._total * self._every))
        return (done // interval + 1) * interval

    def _line(self, note: str) -> str:
        share = 100 * self._done / max(1, self._total)
        speed = (self._done - self._first) / max(self._clock() - self._began, 1e-9)
        parts = [f"{self._label}: {self._done}/{self._total} {self._units} ({share:.0f} %)", note]
        parts.append(f"{speed:.3g} {self._units}/s")
        parts.append(f"{duration((self._total - self._done) / speed)} left")
        return ", ".join(part for part in parts if part)


def duration(seconds: float) -> str:
    """Return a length of time with the two largest of its units: ``"2 h 5 min"``, ``"41 s"``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def open_progress(label: str, unit: str, stream: TextIO | None = None) -> Progress:
    """Return a bar if `stream`, standard error by default, is a terminal, else lines in the log."""
    return TerminalProgress(label, unit) if (stream or sys.stderr).isatty() else LogProgress(label, unit)
