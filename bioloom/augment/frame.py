"""The patch in which an augmentation happens."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """Shape and voxel size of a patch; positions in it are micrometres from its center.

    Parameters
    ----------
    shape : tuple of int
        Sides of the patch in voxels.
    spacing : tuple of float
        Voxel size in micrometres.
    """

    shape: tuple[int, ...]
    spacing: tuple[float, ...]

    @property
    def ndim(self) -> int:
        """The number of spatial axes."""
        return len(self.shape)

    @property
    def center(self) -> tuple[float, ...]:
        """The center in voxels: halfway between the first and the last voxel."""
        return tuple((n - 1) / 2 for n in self.shape)

    @property
    def flat(self) -> tuple[bool, ...]:
        """Along which axes the patch has a single voxel: nothing may be mixed with what lies beyond it."""
        return tuple(n == 1 for n in self.shape)

    @property
    def finest(self) -> float:
        """The smallest side of a voxel, in micrometres, flat axes left out."""
        return min((s for s, flat in zip(self.spacing, self.flat, strict=True) if not flat), default=1.0)
