"""From one resolution to the next and back.

Three-dimensional pooling and enlarging are done as two-dimensional ones on views of the same memory: first
in the plane, with the slices stacked above each other (no window reaches over a slice's edge, since the
sides are multiples of the factors), then along z, with every plane laid out as a row. That is faster, and it
has a deterministic derivative on CUDA, which ``max_pool3d`` lacks.

::

    (N, C, z, y, x) -> (N, C, z * y, x) -> pooled by (fy, fx) -> (N, C, z, y * x) -> pooled by (fz, 1)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from bioloom.models.blocks.layers import CONVOLUTIONS
from bioloom.models.options import Upsampling

TRANSPOSED: dict[int, Any] = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


class MaxPool(nn.Module):
    """The largest value of every window of `factors` voxels, in 2D and 3D."""

    def __init__(self, factors: Sequence[int]) -> None:
        super().__init__()
        self.factors = tuple(factors)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, *spatial), sides multiples of the factors, to (N, C, *spatial / factors)."""
        if len(self.factors) == 2:
            return max_pool2d(x, self.factors)
        planes, rows, columns = self.factors
        x = max_pool2d(x.flatten(2, 3), (rows, columns)).unflatten(2, (x.shape[2], -1))
        if planes == 1:
            return x
        return max_pool2d(x.flatten(3, 4), (planes, 1)).unflatten(3, x.shape[3:])


class Repeat(nn.Module):
    """Every voxel repeated by `factors` (nearest neighbour), in 2D and 3D."""

    def __init__(self, factors: Sequence[int]) -> None:
        super().__init__()
        self.factors = tuple(factors)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, *spatial) to (N, C, *spatial * factors)."""
        if len(self.factors) == 2:
            return interpolate(x, scale_factor=self.factors)
        planes, rows, columns = self.factors
        x = interpolate(x.flatten(2, 3), scale_factor=(rows, columns)).unflatten(2, (x.shape[2], -1))
        return interpolate(x.flatten(3, 4), scale_factor=(planes, 1)).unflatten(3, x.shape[3:])


def upsample(kind: Upsampling, inputs: int, outputs: int, factors: Sequence[int]) -> nn.Module:
    """Return the layer that enlarges (N, inputs, *spatial) to (N, outputs, *spatial * factors).

    Parameters
    ----------
    kind : {"transpose", "interpolate"}
        A transposed convolution with kernel and stride `factors`, or a convolution of side 1 and repeated
        voxels (against checkerboards: Odena et al., Deconvolution and checkerboard artifacts, Distill 2016).
        The convolution comes first: both commute, and it costs less at the lower resolution.
    inputs, outputs : int
        Channels before and after.
    factors : sequence of int
        Enlargement per spatial axis.
    """
    ndim = len(factors)
    if kind == "transpose":
        return TRANSPOSED[ndim](inputs, outputs, tuple(factors), stride=tuple(factors))
    return nn.Sequential(CONVOLUTIONS[ndim](inputs, outputs, 1), Repeat(factors))
