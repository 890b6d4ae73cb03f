"""A flat piece of an image: all of a 2D image, or one slice of a volume, or a crop of either."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioloom.geometry.box import Box
from bioloom.report.sources import Readable


@dataclass(frozen=True)
class Plane:
    """The voxels of a box that is one voxel thick along `axis` (None for 2D images, flat as they are)."""

    box: Box
    axis: int | None = None

    @classmethod
    def through(cls, shape: tuple[int, ...], axis: int | None, index: int = 0) -> Plane:
        """Return slice `index` along `axis` of an image of spatial `shape`."""
        start, stop = [0] * len(shape), list(shape)
        if axis is not None:
            start[axis], stop[axis] = index, index + 1
        return cls(Box(tuple(start), tuple(stop)), axis)

    @property
    def kept(self) -> tuple[int, int]:
        """The image axes that become the rows and the columns of the picture."""
        rows, columns = (a for a in range(self.box.ndim) if a != self.axis)
        return rows, columns

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.kept
        return self.box.shape[rows], self.box.shape[columns]

    @property
    def origin(self) -> tuple[int, int]:
        """Coordinates of the first row and column in the image."""
        rows, columns = self.kept
        return self.box.start[rows], self.box.start[columns]

    def crop(self, window: Box) -> Plane:
        """Return the part under a 2D `window`, which counts from the first row and column of this plane."""
        start, stop = list(self.box.start), list(self.box.stop)
        moved = window.shift(self.origin)
        for index, axis in enumerate(self.kept):
            start[axis], stop[axis] = moved.start[index], moved.stop[index]
        return Plane(Box(tuple(start), tuple(stop)), self.axis)

    def read(self, volume: Readable) -> np.ndarray:
        """Return the values, shape ``(C, rows, columns)``."""
        values = volume.read(self.box)
        return values if self.axis is None else values.squeeze(self.axis + 1)

    def pixel(self, spacing: tuple[float, ...]) -> tuple[float, float]:
        """Return height and width of a pixel, in the unit of `spacing`."""
        rows, columns = self.kept
        return spacing[rows], spacing[columns]

    def caption(self, shape: tuple[int, ...]) -> str:
        """Say which slice of an image of spatial `shape` this is, counted from 0; empty in 2D."""
        if self.axis is None:
            return ""
        return f"{'zyx'[self.axis]} = {self.box.start[self.axis]} of 0\u2013{shape[self.axis] - 1}"
