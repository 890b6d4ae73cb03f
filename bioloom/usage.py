"""What a step used: its peak memory and its time, as the last line of its log; and memory given back.

The column ``max_rss`` of Snakemake's benchmark files comes from samples, one at the start, then one every
half second, later every 30 seconds: a job may end, or reach its peak, between two of them. The kernel keeps
the peak of a process. (Not so of its children: their numbers count in what the parent held when they began.)
"""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)


@contextmanager
def logged_usage() -> Iterator[None]:
    """Log at the end, also at an unhappy one, what this process used, and on which machine."""
    began = time.perf_counter()
    try:
        yield
    finally:
        seconds = time.perf_counter() - began
        log.info("peak memory %.0f MB, %.1f s on %s", peak_bytes() / 1e6, seconds, machine())


def peak_bytes() -> int:
    """Return the most memory that this process has held."""
    status = Path("/proc/self/status")
    if status.is_file():  # on Linux, getrusage counts in what the parent held when it forked
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def give_back() -> None:
    """Give memory that is free in this process back to the system, where the C library can (glibc).

    It keeps freed arrays of up to 32 MB for later, in pieces that the next ones may not fit: a loop over
    blocks may then hold more and more, or not, from one run to the next.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None
    if trim:
        trim(0)


def machine() -> str:
    """Return the name of this machine; on a cluster that of the node, which may differ from the host's."""
    return os.environ.get("SLURMD_NODENAME") or socket.gethostname()
