"""A half-open box of voxels.

::

    start = (1, 2), stop = (3, 6)        0 1 2 3 4 5 6
                                       0 . . . . . . .
                                       1 . . # # # # .     shape = (2, 4)
                                       2 . . # # # # .     size  = 8
                                       3 . . . . . . .
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, slots=True)
class Box:
    """The voxels ``start <= x < stop``, in the spatial axes only.

    Parameters
    ----------
    start, stop : tuple of int
        One entry per spatial axis, ``(y, x)`` or ``(z, y, x)``. A box with ``stop <= start`` is empty.
    """

    start: tuple[int, ...]
    stop: tuple[int, ...]

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> Box:
        """Return the box of a whole array of spatial `shape`."""
        return cls((0,) * len(shape), tuple(int(n) for n in shape))

    @property
    def ndim(self) -> int:
        """The number of spatial axes."""
        return len(self.start)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sides in voxels, never negative."""
        return tuple(max(0, b - a) for a, b in zip(self.start, self.stop, strict=True))

    @property
    def size(self) -> int:
        """The number of voxels."""
        return prod(self.shape)

    @property
    def empty(self) -> bool:
        """Whether the box holds no voxel."""
        return self.size == 0

    @property
    def slices(self) -> tuple[slice, ...]:
        """The box as an index of a spatial array."""
        return tuple(slice(a, b) for a, b in zip(self.start, self.stop, strict=True))

    def grow(self, margin: int | tuple[int, ...]) -> Box:
        """Return the box with `margin` voxels more on both sides of every axis."""
        margins = (margin,) * self.ndim if isinstance(margin, int) else margin
        return Box(
            tuple(a - m for a, m in zip(self.start, margins, strict=True)),
            tuple(b + m for b, m in zip(self.stop, margins, strict=True)),
        )

    def clip(self, other: Box) -> Box:
        """Return the common part of two boxes (empty if they do not meet)."""
        return Box(
            tuple(max(a, b) for a, b in zip(self.start, other.start, strict=True)),
            tuple(min(a, b) for a, b in zip(self.stop, other.stop, strict=True)),
        )

    def shift(self, offset: tuple[int, ...]) -> Box:
        """Return the box moved by `offset`."""
        return Box(
            tuple(a + o for a, o in zip(self.start, offset, strict=True)),
            tuple(b + o for b, o in zip(self.stop, offset, strict=True)),
        )

    def within(self, other: Box) -> Box:
        """Return the box in the coordinates of `other`, whose start becomes the origin."""
        return self.shift(tuple(-a for a in other.start))

    def contains(self, other: Box) -> bool:
        """Return whether `other` lies inside this box."""
        return self.clip(other) == other
