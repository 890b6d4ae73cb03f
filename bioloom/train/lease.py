"""One writer per folder: a file that names the training which owns it.

::

    checkpoints/1f0c.../lease.json     {"host": "node3", "machine": ..., "pid": 4711, "born": ..., "token":
    ...}
                                       its modification time is the owner's heartbeat

Jobs are run again while their predecessor still lives: a node that Slurm gave up may go on computing. On one
machine the owner is asked for by its process id, so a killed training frees its folder at once; of another
machine only the heartbeat is seen, so its lease ends when that has stopped for `STALE_AFTER` seconds.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Self

import psutil

from bioloom.errors import BioLoomError
from bioloom.volumes.atomic import write_text

log = logging.getLogger(__name__)

NAME = "lease.json"
BEAT_EVERY = 15.0
"""Seconds between two heartbeats."""
ASK_EVERY = 0.5
"""Seconds between two looks at a lease that is waited for."""
STALE_AFTER = 120.0
"""Seconds without a heartbeat after which the lease of another machine has ended."""


@dataclass(frozen=True)
class Owner:
    """Who holds a lease.

    Parameters
    ----------
    host : str
        The name of the machine, for messages.
    machine : str
        The boot of the kernel and the namespace of process ids: only where both are the same does a process
        id mean the same process. (Nodes of a cluster may share a name, containers on one machine have their
        own ids.)
    pid : int
        The process id.
    born : float
        When the process started, in seconds; a process id may be given out again.
    token : str
        A random word, different for every lease.
    """

    host: str
    machine: str
    pid: int
    born: float
    token: str

    @classmethod
    def here(cls) -> Owner:
        """Return this process as an owner, with a new token."""
        born = psutil.Process().create_time()
        return cls(socket.gethostname(), this_machine(), os.getpid(), born, token_hex(8))

    def is_dead(self) -> bool | None:
        """Return whether the process has ended, or None if it cannot be seen from this machine."""
        if self.machine != this_machine():
            return None
        try:
            process = psutil.Process(self.pid)
            # The start is counted in clock ticks from the boot, hence a tolerance.
            return abs(process.create_time() - self.born) > 1 or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True


class Lease:
    """The right to write into a folder, held while the context is open.

    Parameters
    ----------
    folder : Path
        The folder, made if missing.
    waiting : callable, optional
        Whether to go on waiting for a living training that holds the folder: the orphan of a run that was
        killed is at the same work and leaves it finished. Without it nobody waits.

    Raises
    ------
    BioLoomError
        On entering, if a living training holds the folder; from `check`, if the lease was lost.
    """

    def __init__(self, folder: Path, waiting: Callable[[], bool] = lambda: False) -> None:
        self.path = folder / NAME
        self._waiting = waiting
        self.owner = Owner.here()
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="lease", daemon=True)

    def __enter__(self) -> Self:
        mine = self.path.with_name(f".{NAME}.{self.owner.token}")
        write_text(mine, json.dumps(asdict(self.owner)))
        try:
            self._acquire(mine)
        finally:
            mine.unlink(missing_ok=True)
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._heart.join()
        if self._held():
            self.path.unlink(missing_ok=True)

    def check(self) -> None:
        """Raise a `BioLoomError` if another training has taken the folder; to be asked before every write."""
        if not self._held():
            raise BioLoomError(
                f"{self.path.parent}: another training has taken over, this process stood still too long",
                fix="let the other training finish",
            )

    def _held(self) -> bool:
        owner = _read(self.path)
        return owner is not None and owner.token == self.owner.token

    def _acquire(self, mine: Path) -> None:
        """Put the lease in its place, waiting for its owner if that is wanted."""
        told = False
        while not _link(mine, self.path):
            try:
                return self._take_over(mine)
            except BioLoomError as busy:
                if self._is_ours() or not self._waiting():
                    raise
                if not told:
                    log.info("waiting: %s", busy)
                told = True
            time.sleep(ASK_EVERY)
            mine.touch()

    def _is_ours(self) -> bool:
        """Return whether this very process holds the folder: to wait for oneself takes forever."""
        other = _read(self.path)
        return other is not None and (other.machine, other.pid) == (self.owner.machine, self.owner.pid)

    def _take_over(self, mine: Path) -> None:
        """Replace the lease that lies there if its owner is dead or silent."""
        other = _read(self.path)
        # A file just written tells the time of the file server, whose clock also dates the heartbeat.
        silence = mine.stat().st_mtime - _mtime(self.path)
        dead = other.is_dead() if other else None
        if dead is False or (dead is None and silence < STALE_AFTER):
            raise _busy(self.path, other, silence)
        # If two come at the same moment, what one of them moves away may be the new lease of the other: then
        # it goes back.
        aside = mine.with_name(mine.name + ".old")
        with suppress(FileNotFoundError):
            os.rename(self.path, aside)
        try:
            moved = _read(aside)
            if moved is not None and moved != other:
                _link(aside, self.path)
            if not _link(mine, self.path):
                raise _busy(self.path, _read(self.path), 0.0)
        finally:
            aside.unlink(missing_ok=True)
        log.info("%s: took over from %s, which has ended", self.path.parent, _describe(other))

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_EVERY):
            with suppress(OSError):  # gone or unreachable: `check` finds out before the next write
                if self._held():
                    os.utime(self.path)


def this_machine() -> str:
    """Return a word that two processes share exactly if they can see each other by process id."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}:{os.readlink('/proc/self/ns/pid')}"
    except OSError:  # not Linux
        return f"{socket.gethostname()}:{round(psutil.boot_time())}"


def _link(source: Path, target: Path) -> bool:
    """Give a file a second name, whole at once and never over another file; return whether that worked."""
    try:
        try:
            os.link(source, target)
        except FileExistsError:
            raise
        except OSError:  # no second names here: a copy, for a moment an unreadable (and so a living) lease
            with target.open("xb") as file:
                file.write(source.read_bytes())
    except FileExistsError:
        return False
    return True


def _read(path: Path) -> Owner | None:
    """Return the owner that a lease names, or None if there is no readable lease."""
    try:
        return Owner(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _mtime(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("-inf")


def _describe(owner: Owner | None) -> str:
    return f"process {owner.pid} on {owner.host}" if owner else "an unreadable lease"


def _busy(path: Path, owner: Owner | None, silence: float) -> BioLoomError:
    return BioLoomError(
        f"{path.parent}: {_describe(owner)} is training here (last heard of {max(0, round(silence))} s ago)",
        fix=f"wait for it or end it; if it is dead, try again after {STALE_AFTER:.0f} s",
    )
