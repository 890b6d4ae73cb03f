"""One step per GPU: a locked file for every device, named by its UUID.

::

    /tmp/bioloom-1000/3f2c....lock     locked (flock) by the process that uses the device

Snakemake counts GPUs but does not say which one a job may use, so the jobs of one machine sort it out among
themselves. The lock is all that counts. The kernel frees it when its holder ends, however that happens; what
stands in the file (the id of the holder) is for messages only.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bioloom.errors import BioLoomError

log = logging.getLogger(__name__)

ASK_EVERY = 0.5
"""Seconds between two looks at devices that are all taken."""


def lock_folder(parent: Path = Path("/tmp")) -> Path:
    """Return the folder of the locks, which belongs to the user alone.

    Its place depends on nothing but the user: a process with another ``TMPDIR`` or login session must find
    the same locks.

    Raises
    ------
    BioLoomError
        If what lies there belongs to somebody else, or others may write into it.
    """
    folder = parent / f"bioloom-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise BioLoomError(f"{folder}: others can write there", fix="remove it; the next step makes it anew")
    return folder


@contextmanager
def claimed(devices: Sequence[str], folder: Path) -> Iterator[int]:
    """Claim one of `devices` (UUIDs), the first that is free; wait for one while all are taken.

    Parameters
    ----------
    devices : sequence of str
        At least one.
    folder : Path
        Of the locks, see `lock_folder`.

    Yields
    ------
    int
        The position of the claimed device, which is this process's until the context ends.
    """
    locks = [folder / f"{re.sub(r'[^A-Za-z0-9-]', '_', device)}.lock" for device in devices]
    told = False
    while True:
        for number, path in enumerate(locks):
            lock = _lock(path)
            if lock is None:
                continue
            try:
                yield number
            finally:
                os.close(lock)
            return
        if not told:
            holders = ", ".join(path.read_text(encoding="ascii").strip() for path in locks)
            log.info("waiting for a GPU: %d taken, by process %s", len(locks), holders)
        told = True
        time.sleep(ASK_EVERY)


def _lock(path: Path) -> int | None:
    """Lock a file and return its descriptor, or None if another process has locked it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return lock
