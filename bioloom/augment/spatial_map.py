"""The map that all spatial augmentations of an example make together: where each output voxel comes from.

::

    output position x  ->  source position  matrix @ x + shift + displacement(x)

Positions are micrometres from the center of the patch, so that a rotation stays a rotation where voxels are
not cubes. The image is sampled once, however many augmentations took part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray

from bioloom.augment.displacement import Displacement
from bioloom.augment.frame import Frame
from bioloom.geometry.box import Box

Matrix = NDArray[np.float64]

INVERSE_STEPS = 50
INVERSE_TOLERANCE = 1e-4
"""Fixed-point steps of the inverse at most, and the change in voxels at which they stop."""


@dataclass(frozen=True)
class SpatialMap:
    """Where every voxel of the augmented patch comes from.

    Boxes, coordinates and points are in voxels from the first voxel of the patch, on both sides of the map.

    Parameters
    ----------
    frame : Frame
        The patch.
    matrix : ndarray of float64, shape (ndim, ndim)
        Linear part, micrometres to micrometres.
    shift : ndarray of float64, shape (ndim,)
        Translation in micrometres.
    displacements : tuple of Displacement
        Added to the affine part.
    """

    frame: Frame
    matrix: Matrix
    shift: NDArray[np.float64]
    displacements: tuple[Displacement, ...] = ()

    @classmethod
    def identity(cls, frame: Frame) -> SpatialMap:
        """Return the map that changes nothing."""
        return cls(frame, np.eye(frame.ndim), np.zeros(frame.ndim))

    def then(self, matrix: Matrix, shift: NDArray[np.float64] | None = None) -> SpatialMap:
        """Return the map of a picture that went through this map, and then through another affine one.

        Displacements stay where they are: they are added last, in source micrometres.
        """
        moved = self.shift if shift is None else self.matrix @ shift + self.shift
        return replace(self, matrix=self.matrix @ matrix, shift=moved)

    def bent(self, displacement: Displacement) -> SpatialMap:
        """Return the map with a displacement more."""
        return replace(self, displacements=(*self.displacements, displacement))

    @property
    def voxel_matrix(self) -> Matrix:
        """The linear part from output voxels to source voxels."""
        spacing = np.asarray(self.frame.spacing)
        return self.matrix * (spacing / spacing[:, None])

    @property
    def exact(self) -> bool:
        """Whether voxels fall on voxels: nothing but mirrored and exchanged axes."""
        steps = np.abs(self.voxel_matrix)
        return (
            not self.displacements
            and not self.shift.any()
            and bool(np.isin(steps, (0, 1)).all() and (steps.sum(0) == 1).all() and (steps.sum(1) == 1).all())
        )

    @property
    def magnification(self) -> float:
        """How much larger lengths are in the output, the mean of all directions; displacements left out."""
        return float(abs(np.linalg.det(self.matrix)) ** (-1 / self.frame.ndim))

    def source_box(self, box: Box) -> Box:
        """Return a box of source voxels that holds everything needed to interpolate inside `box`."""
        if box.empty:
            return box
        ends = [(a, b - 1) for a, b in zip(box.start, box.stop, strict=True)]
        corners = self._affine(np.array(list(product(*ends)), np.float64))
        if self.exact:
            low, high = corners.min(0), corners.max(0)
            return Box(
                tuple(np.rint(low).astype(int).tolist()), tuple((np.rint(high) + 1).astype(int).tolist())
            )
        reach = sum((np.array(d.limit) for d in self.displacements), np.zeros(self.frame.ndim))
        reach = reach / self.frame.spacing
        low, high = corners.min(0), corners.max(0)
        # One voxel more than the neighbours, because float32 coordinates may round across a voxel...
        first, last = np.floor(low - reach) - 1, np.floor(high + reach) + 3
        # ...but a flat box that stays on its voxels needs those alone.
        still = (low == high) & (low == np.rint(low)) & (reach == 0)
        first, last = np.where(still, low, first), np.where(still, low + 1, last)
        return Box(tuple(first.astype(int).tolist()), tuple(last.astype(int).tolist()))

    def coordinates(self, box: Box) -> torch.Tensor:
        """Return the source coordinates of every voxel of `box`, float32 of shape ``(ndim, *box.shape)``."""
        ndim = self.frame.ndim
        offsets = [
            torch.arange(a, b, dtype=torch.float64) - c
            for a, b, c in zip(box.start, box.stop, self.frame.center, strict=True)
        ]
        result = torch.empty(ndim, *box.shape)
        matrix, start = self.voxel_matrix, self.shift / self.frame.spacing + self.frame.center
        for row in range(ndim):
            terms = [float(matrix[row, axis]) * offset for axis, offset in enumerate(offsets)]
            terms[-1] += start[row]
            partial = terms[0]
            for term in terms[1:-1]:
                partial = partial[..., None] + term
            torch.add(partial[..., None].float(), terms[-1].float(), out=result[row])
        positions = [o * step for o, step in zip(offsets, self.frame.spacing, strict=True)]
        for displacement in self.displacements:
            field = displacement.on_grid(positions)
            for row, step in enumerate(self.frame.spacing):
                result[row].add_(field[row], alpha=1 / step)
        return result

    def forward(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where output points ``(n, ndim)`` come from in the source."""
        return self._affine(points) + self._bend(points)

    def inverse(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where source points ``(n, ndim)`` lie in the output.

        Exact for affine maps. With displacements by fixed-point iteration, which settles because a
        displacement changes slowly from place to place.
        """
        spacing, center = np.asarray(self.frame.spacing), np.asarray(self.frame.center)
        back = np.linalg.inv(self.voxel_matrix)
        target = points - center - self.shift / spacing
        found = target @ back.T + center
        for _ in range(INVERSE_STEPS if self.displacements and len(points) else 0):
            better = (target - self._bend(found)) @ back.T + center
            change = np.abs(better - found).max()
            found = better
            if change < INVERSE_TOLERANCE:
                break
        return found

    def _affine(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        center = np.asarray(self.frame.center)
        return (points - center) @ self.voxel_matrix.T + self.shift / self.frame.spacing + center

    def _bend(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        positions = torch.from_numpy((points - self.frame.center) * self.frame.spacing)
        bend = np.zeros_like(points)
        for displacement in self.displacements:
            bend += displacement.at(positions).numpy() / self.frame.spacing
        return bend
