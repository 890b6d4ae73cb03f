"""Values as whole numbers of a fixed step, so that sums over patches are exact in any order.

Floating-point addition depends on its order, and the order in which patches meet depends on the chunks.
Patch outputs are therefore rounded to multiples of ``1 / SCALE`` before they are weighted and added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bioloom.errors import BioLoomError
from bioloom.geometry.grid import PatchGrid
from bioloom.geometry.window import largest_weight

if TYPE_CHECKING:  # stitching needs no torch, whose import takes longer than a small image
    import torch

SCALE = 2048
"""Steps per unit: outputs are kept to 0.0005, finer than bfloat16 resolves them near 1."""
LIMIT = 8
"""Outputs beyond +-LIMIT are clipped; targets are scaled to lie well inside."""


def quantize(values: torch.Tensor) -> torch.Tensor:
    """Round float values to whole steps, int32, clipped to ``+-LIMIT * SCALE``; NaN becomes 0."""
    return values.float().nan_to_num().clamp(-LIMIT, LIMIT).mul(SCALE).round().int()


def dequantize(sums: NDArray[np.int32], weights: NDArray[np.int32]) -> NDArray[np.float32]:
    r"""Return the weighted mean ``sums / (weights * SCALE)``, computed in float64.

    Parameters
    ----------
    sums : ndarray of int32, shape (target, \*spatial)
        Weighted sums in fixed point.
    weights : ndarray of int32, shape (\*spatial)
        The total weight of every voxel, not 0.

    Returns
    -------
    ndarray of float32, shape (target, \*spatial)
    """
    means = np.empty(sums.shape, np.float32)
    # NumPy rounds to float32 piece by piece here: no array of float64 is ever made.
    return np.divide(sums, weights * SCALE, out=means, dtype=np.float64, casting="same_kind")


def check_range(grid: PatchGrid) -> None:
    """Raise if sums over this grid could leave the range of int32."""
    if largest_weight(grid) * LIMIT * SCALE >= 2**31:
        raise BioLoomError(
            f"patches of {grid.size} with overlap {grid.overlap} cover a voxel too often to be added exactly",
            allowed="an overlap of less than half the patch",
            fix="lower patch.overlap",
        )
