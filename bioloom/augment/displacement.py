"""A smooth displacement of every position, given by a coarse grid of control points.

The displacement is a uniform cubic B-spline: twice continuously differentiable, nowhere larger than its
largest control point, and without folds while no component of a control point exceeds 0.4 of the distance
between control points (Choi and Lee 2000, "Injectivity conditions of 2D and 3D uniform cubic B-spline
functions"). Beyond the outermost control points their values go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Displacement:
    """A displacement field in micrometres.

    Parameters
    ----------
    controls : tensor of float64, shape (ndim, *counts)
        Displacement at every control point, one component per axis, in micrometres.
    step : tuple of float
        Distance between control points along every axis, in micrometres. The grid of control points is
        centered on the patch.
    """

    controls: torch.Tensor
    step: tuple[float, ...]

    @property
    def limit(self) -> list[float]:
        """For every axis a bound of the displacement's absolute value, in micrometres."""
        return self.controls.abs().flatten(1).amax(1).tolist()

    def on_grid(self, positions: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return the displacement on a rectangular grid.

        Parameters
        ----------
        positions : sequence of tensor, shapes (n_a,)
            For every axis the positions of the grid, in micrometres from the patch's center.

        Returns
        -------
        tensor of float32, shape (ndim, n_0, n_1, ...)
        """
        field = self.controls.float()
        for axis, where in enumerate(positions):
            weights = self._weights(where, axis).float()
            field = torch.movedim(torch.tensordot(field, weights, dims=([axis + 1], [1])), -1, axis + 1)
        return field

    def at(self, points: torch.Tensor) -> torch.Tensor:
        """Return the displacement at points of shape ``(n, ndim)``, both float64 in micrometres."""
        field = self.controls[None].expand(len(points), *self.controls.shape)
        for axis in range(points.shape[1]):
            weights = self._weights(points[:, axis], axis)
            field = torch.einsum("ndk...,nk->nd...", field, weights)
        return field

    def _weights(self, where: torch.Tensor, axis: int) -> torch.Tensor:
        """Return the weight of every control point of one axis at every position, shape (n, count)."""
        count = self.controls.shape[axis + 1]
        knots = where.double() / self.step[axis] + (count - 1) / 2
        left = knots.floor()
        t = knots - left
        basis = torch.stack(
            [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], dim=1
        )
        near = (left.long()[:, None] + torch.arange(-1, 3)).clamp(0, count - 1)
        return torch.zeros(len(where), count, dtype=torch.float64).scatter_add_(1, near, basis / 6)
