"""A polite end: SIGTERM and SIGINT let the step finish and the checkpoint be written."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Interrupted(SystemExit):
    """A signal ended the training early, with everything saved; exit code 128 + the number of the signal.

    SIGTERM gives 143 and SIGINT 130, as every shell reports a process that these have ended.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal = signal.Signals(number)


class StopSignal:
    """Notes SIGTERM and SIGINT while the context is open; whoever works in it asks now and then.

    A second SIGINT (an impatient Ctrl-C) interrupts at once. Outside of the main thread, where Python allows
    no handlers, the context notes nothing.

    Attributes
    ----------
    number : int or None
        The signal that came first.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._before: dict[int, Any] = {}

    @property
    def requested(self) -> bool:
        """Whether a signal came."""
        return self.number is not None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def leave(self) -> NoReturn:
        """Raise `Interrupted` for the signal that came."""
        assert self.number is not None, "no signal came"
        raise Interrupted(self.number)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.number = self.number or number
