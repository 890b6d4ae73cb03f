"""Checkpoints: everything a training needs to continue as if nothing had happened.

::

    checkpoints/<fingerprint>/last.pt       the newest state
                              previous.pt   the one before, in case the newest is damaged
                              best.pt       the state with the lowest validation loss
                              lease.json    who writes here

Every file is a full state, complete or absent; a training continues from the newest undamaged one.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import BadZipFile, ZipFile

import torch

from bioloom.volumes.atomic import atomic_path

log = logging.getLogger(__name__)

FORMAT = 1
"""The version of the layout of a state; another one is not continued."""
DAMAGE = (BadZipFile, RuntimeError, ValueError, KeyError, TypeError, EOFError, OSError, UnpicklingError)
"""What reading a damaged file may raise."""


def fingerprint(**parts: Any) -> str:
    """Return the word under which checkpoints are kept, 16 hexadecimal digits (blake2b).

    Parameters
    ----------
    **parts : Any
        All that decides the result, as plain JSON values: options of training and model, digests of the data.
        What decides only the speed (device, workers) does not belong here.
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=8).hexdigest()


class Checkpoints:
    """The states of one training in one folder.

    Parameters
    ----------
    folder : Path
        ``checkpoints/<fingerprint>``; nobody else writes there (see `bioloom.train.lease`).
    """

    def __init__(self, folder: Path) -> None:
        self.last = folder / "last.pt"
        self.previous = folder / "previous.pt"
        self.best = folder / "best.pt"

    def save(self, state: Mapping[str, Any], *, best: bool = False) -> None:
        """Write `state`, made of tensors and plain values, as the newest, and as the best if it is."""
        with atomic_path(self.last) as temporary:
            with temporary.open("wb") as file:
                torch.save({"format": FORMAT, **state}, file)
                file.flush()
                os.fsync(file.fileno())  # the rename must not reach the disk before the bytes
            if best:
                # The best first: if we are killed in between, it is the newest and is continued. The other
                # way round, the newest state would name a best that does not exist.
                _second_name(temporary, self.best)
            if self.last.exists():
                os.replace(self.last, self.previous)

    def newest(self) -> dict[str, Any] | None:
        """Return the undamaged state with the most steps, or None if there is none."""
        newest: dict[str, Any] | None = None
        for path in (self.last, self.previous, self.best):
            state = read_state(path)
            if state is not None and (newest is None or state["step"] > newest["step"]):
                newest = state
        return newest


def read_state(path: Path) -> dict[str, Any] | None:
    """Return the state in a file, on the CPU; None, with a warning in the log, if the file is damaged.

    Nothing but plain data is unpickled. The checksums of the parts, which `torch.load` does not look at, are
    compared first.
    """
    if not path.exists():
        return None
    try:
        with ZipFile(path) as archive:
            if part := archive.testzip():
                raise ValueError(f"wrong checksum of {part}")
        state = torch.load(path, map_location="cpu", weights_only=True)
        if state["format"] != FORMAT:
            raise ValueError(f"format {state['format']}, this version reads {FORMAT}")
    except DAMAGE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        log.warning("%s is damaged and not used: %s", path, reason)
        return None
    return state


def _second_name(source: Path, target: Path) -> None:
    """Give the file `source` a second name, or copy it where the file system has no second names."""
    with atomic_path(target) as temporary:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)
