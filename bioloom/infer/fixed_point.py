"""Values as whole numbers of a fixed step, so that sums over patches are exact in any order.

Floating-point addition depends on its order, and the order in which patches meet depends on the chunks.
Patch outputs are therefore rounded to multiples of ``1 / SCALE`` before they are weighted and added.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from bioloom.errors import BioLoomError
from bioloom.geometry.grid import PatchGrid
from bioloom.geometry.window import largest_weight

SCALE = 2048
"""Steps per unit: outputs are kept to 0.0005, finer than bfloat16 resolves them near 1."""
LIMIT = 8
"""Outputs beyond +-LIMIT are clipped; targets are scaled to lie well inside."""


def quantize(values: torch.Tensor) -> torch.Tensor:
    """Round float values to whole steps, int32, clipped to ``+-LIMIT * SCALE``; NaN becomes 0."""
    steps = torch.nan_to_num(values.float()).clamp(-LIMIT, LIMIT).mul(SCALE)
    return steps.round().to(torch.int32)


def dequantize(sums: NDArray[np.int32], weights: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return the weighted mean ``sums / (weights * SCALE)`` as float32."""
    return (sums / (weights.astype(np.float64) * SCALE)).astype(np.float32)


def check_range(grid: PatchGrid) -> None:
    """Raise if sums over this grid could leave the range of int32."""
    if largest_weight(grid) * LIMIT * SCALE >= 2**31:
        raise BioLoomError(
            f"patches of {grid.size} with overlap {grid.overlap} cover a voxel too often to be added exactly",
            allowed="an overlap of less than half the patch",
            fix="lower patch.overlap",
        )
