"""NumPy arrays, mapped into memory; pickled objects are never loaded.

A file says nothing about its axes: two are ``YX``, three ``ZYX``, four ``CZYX``, unless `axes` says
otherwise.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from bioloom.volumes.formats.foreign import Foreign, Mapped, open_foreign, reading

_AXES = {2: "YX", 3: "ZYX", 4: "CZYX"}


def read_npy(path: Path, axes: str | None = None, *, labels: bool = False) -> Foreign:
    """Open a ``.npy`` file (see `bioloom.volumes.formats.read_foreign`)."""
    with reading(path):
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    order: Literal["C", "F"] = "C" if values.flags.c_contiguous else "F"
    source = Mapped(path, values.dtype, values.offset, values.shape, order)
    return open_foreign(path, source, _AXES.get(values.ndim, "Q" * values.ndim), axes, labels=labels)
