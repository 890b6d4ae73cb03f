"""What the figures need of a stored image: a protocol that every open volume fulfils, and object tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from bioloom.geometry.box import Box
from bioloom.volumes.metadata import calibration_of


class Readable(Protocol):
    """An image that is read box by box (see :class:`bioloom.volumes.store.Volume`)."""

    @property
    def spatial(self) -> tuple[int, ...]:
        """Shape without the channel axis, ``(y, x)`` or ``(z, y, x)``, in voxels."""

    @property
    def spacing(self) -> tuple[float, ...]:
        """Voxel size in micrometres, in the order of `spatial`."""

    @property
    def facts(self) -> dict[str, Any]:
        """What was noted about the image when it was stored."""

    def read(self, box: Box | None = None) -> np.ndarray:
        """Return the voxels of a box (everything without one), shape ``(C, *box.shape)``."""


@dataclass(frozen=True)
class Subject:
    """The stores and object tables of one image; anything but the image may be missing (None).

    Where truth and labels hold ids of classes and not of objects, `classes` lists these.
    """

    image: Readable
    truth: Readable | None = None
    labels: Readable | None = None
    truth_table: pd.DataFrame | None = None
    label_table: pd.DataFrame | None = None
    classes: tuple[int, ...] = ()

    @property
    def kinds(self) -> tuple[int, ...]:
        """The ids of the classes of objects, where these have some."""
        tables = () if self.classes else (self.truth_table, self.label_table)
        return tuple(sorted({i for table in tables if table is not None for i in class_ids(table) if i}))

    @property
    def spacing_known(self) -> bool:
        """Whether the voxel size is known; if not, the store says 1 micrometre."""
        return not calibration_of(self.image.facts)


def class_ids(table: pd.DataFrame) -> list[int]:
    """Return the id of the class of every object of a table, 0 where nobody knows."""
    if "class" not in table:
        return [0] * len(table)
    return pd.to_numeric(table["class"], errors="coerce").fillna(0).astype(int).tolist()
