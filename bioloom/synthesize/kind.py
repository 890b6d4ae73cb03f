"""What a kind of picture is, and what a picture holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bioloom.errors import BioLoomError

LEAST, LEAST_DEPTH = 32, 8
"""Voxels that a picture needs per side and in depth, to hold more than cut objects."""


@dataclass(frozen=True)
class Frame:
    """Sides of a picture in voxels and the size of a voxel in micrometres, both z (in 3D), y, x."""

    shape: tuple[int, ...]
    spacing: tuple[float, ...]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def extent(self) -> np.ndarray:
        """The sides in micrometres, float64."""
        return np.array(self.shape) * self.spacing

    def voxels(self, micrometres: float) -> tuple[float, ...]:
        """Return a length in voxels of each axis."""
        return tuple(micrometres / size for size in self.spacing)

    def coordinates(self) -> np.ndarray:
        """Return the centers of all voxels in micrometres, float32, (axis, *spatial)."""
        grid = np.indices(self.shape, np.float32)
        return (grid + np.float32(0.5)) * np.array(self.spacing, np.float32).reshape(-1, *[1] * self.ndim)


@dataclass(frozen=True)
class Picture:
    """A picture and the truth about it.

    Parameters
    ----------
    image : ndarray
        uint8 or uint16, (*spatial), or (y, x, 3) in colours.
    objects : ndarray of uint16
        (*spatial); a number for every object, 0 elsewhere.
    classes : ndarray of uint8, optional
        (*spatial); the class of every voxel, 0 for background.
    points : ndarray of float64, optional
        (point, axis); centers of objects in voxels, a whole number being the center of a voxel.
    point_classes : tuple of int
        The class of every point.
    """

    image: np.ndarray
    objects: np.ndarray
    classes: np.ndarray | None = None
    points: np.ndarray | None = None
    point_classes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of picture: how it is painted, and how large it is if nothing else is asked for."""

    name: str
    summary: str
    """What the pictures show, in a line."""
    paint: Callable[[np.random.Generator, Frame], Picture]
    frames: dict[int, Frame]
    """By number of axes; the first is the default."""
    holds: tuple[str, ...]
    """What is known of a picture: "objects", "classes", "points"."""
    class_names: tuple[str, ...] = ()
    """From class 1 on."""

    def frame(self, ndim: int | None, side: int | None) -> Frame:
        """Return a frame of this kind with the given number of axes and side; the depth keeps its proportion.

        Raises
        ------
        BioLoomError
            If the kind has no such pictures, or if they would be too small.
        """
        ndim = ndim or next(iter(self.frames))
        if ndim not in self.frames:
            allowed = " or ".join(map(str, self.frames))
            raise BioLoomError(f"--ndim {ndim}: there are no such {self.name}", allowed=allowed)
        usual = self.frames[ndim]
        if side is None:
            return usual
        factor = side / usual.shape[-1]
        depth = round(usual.shape[0] * factor) if ndim == 3 else LEAST_DEPTH
        if side < LEAST or depth < LEAST_DEPTH:
            least = LEAST if ndim == 2 else max(LEAST, -(-LEAST_DEPTH * usual.shape[-1] // usual.shape[0]))
            raise BioLoomError(f"--size {side} is too small for {self.name}", allowed=f"{least} or more")
        return Frame((depth,) * (ndim - 2) + (side, side), usual.spacing)
