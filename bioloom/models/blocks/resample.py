"""From one resolution to the next and back.

In three dimensions all of this is done in two steps of two dimensions on views of the same memory: first in
the planes, one by one, then along z, with every plane laid out as a row. That is faster, and it has a
deterministic derivative on CUDA, which ``max_pool3d`` lacks.

::

    (N, C, z, y, x) -> (N * z, C, y, x) -> resampled by (fy, fx) -> (N, C, z, y * x) -> resampled by (fz, 1)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, max_pool2d

from bioloom.models.blocks.layers import CONVOLUTIONS
from bioloom.models.options import Downsampling, Upsampling

TRANSPOSED: dict[int, Any] = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
Pair = tuple[int, int]
Resample = Callable[[Tensor, Pair], Tensor]
REACH = 2
"""How far the window of `Blur` looks beyond the voxels that become one, to both sides."""


class MaxPool(nn.Module):
    """The largest value of every window of `factors` voxels, in 2D and 3D."""

    def __init__(self, factors: Sequence[int]) -> None:
        super().__init__()
        self.factors = tuple(factors)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, *spatial), sides multiples of the factors, to (N, C, *spatial / factors)."""
        return _by_planes(x, self.factors, max_pool2d, max_pool2d)


class Smoothing(nn.Module):
    """The windows of `Blur` and `Interpolate`: fixed, hence not among the weights that are kept.

    Parameters
    ----------
    factors : sequence of int
        Shrinking or enlargement per spatial axis.
    """

    plane: Tensor
    depth: Tensor
    enlarges = False

    def __init__(self, factors: Sequence[int]) -> None:
        super().__init__()
        self.factors = tuple(factors)
        *depth, rows, columns = (
            smooth_window(factor) * (factor if self.enlarges else 1) for factor in factors
        )
        self.register_buffer("plane", torch.outer(rows, columns), persistent=False)
        self.register_buffer("depth", (depth[0] if depth else rows)[:, None], persistent=False)


class Blur(Smoothing):
    """Smoothed, then every second (third, ...) voxel, in 2D and 3D.

    What is finer than the new grid is filtered out before the grid gets coarser, so that the result hardly
    depends on where its voxels happen to lie; the largest value of a window does (Zhang, Making convolutional
    networks shift-invariant again, ICML 2019). Beyond the border everything counts as 0, as in convolutions.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, *spatial), sides multiples of the factors, to (N, C, *spatial / factors)."""
        windows = (partial(_blur, window=window) for window in (self.plane, self.depth))
        return _by_planes(x, self.factors, *windows)


class Interpolate(Smoothing):
    """Every voxel repeated, then smoothed, in 2D and 3D: the transpose of `Blur`, a constant staying one.

    For a factor of 2 it is one step of the subdivision of quartic B-splines.
    """

    enlarges = True

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, *spatial) to (N, C, *spatial * factors)."""
        windows = (partial(_interpolate, window=window) for window in (self.plane, self.depth))
        return _by_planes(x, self.factors, *windows)


def downsample(kind: Downsampling, factors: Sequence[int]) -> nn.Module:
    """Return the layer that shrinks (N, C, *spatial) by `factors`, one per spatial axis."""
    return {"blur": Blur, "max": MaxPool}[kind](factors)


def upsample(kind: Upsampling, inputs: int, outputs: int, factors: Sequence[int]) -> nn.Module:
    """Return the layer that enlarges (N, inputs, *spatial) to (N, outputs, *spatial * factors).

    Parameters
    ----------
    kind : {"smooth", "transpose"}
        A transposed convolution with kernel and stride `factors`, or a convolution of side 1 and
        `Interpolate` (against checkerboards: Odena et al., Deconvolution and checkerboard artifacts, Distill
        2016). The convolution comes first: but for the border both commute, and it costs less at the lower
        resolution.
    inputs, outputs : int
        Channels before and after.
    factors : sequence of int
        Enlargement per spatial axis.
    """
    ndim = len(factors)
    if kind == "transpose":
        return TRANSPOSED[ndim](inputs, outputs, tuple(factors), stride=tuple(factors))
    return nn.Sequential(CONVOLUTIONS[ndim](inputs, outputs, 1), Interpolate(factors))


def smooth_window(factor: int) -> Tensor:
    """Return the window of `Blur` along one axis, float32 of length ``factor + 4``, with sum 1.

    It is a box of `factor` voxels smoothed by the binomial (1, 4, 6, 4, 1) / 16: for a factor of 2 the
    binomial (1, 5, 10, 10, 5, 1) / 32. A factor of 1 leaves the axis alone: a window of one voxel.
    """
    if factor == 1:
        return torch.ones(1)
    window = torch.zeros(factor + 2 * REACH)
    for shift, share in enumerate((1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)):
        window[shift : shift + factor] += share / factor
    return window


def _by_planes(x: Tensor, factors: tuple[int, ...], in_planes: Resample, along_z: Resample) -> Tensor:
    """Resample two axes at a time: (N, C, y, x) at once, (N, C, z, y, x) in its planes, then along z."""
    if len(factors) == 2:
        return in_planes(x, (factors[0], factors[1]))
    depth, *plane = factors
    if prod(plane) > 1:
        planes = in_planes(x.transpose(1, 2).flatten(0, 1), (plane[0], plane[1]))
        x = planes.unflatten(0, (-1, x.shape[2])).transpose(1, 2)
    if depth > 1:
        x = along_z(x.flatten(3, 4), (depth, 1)).unflatten(3, x.shape[3:])
    return x


def _blur(x: Tensor, factors: Pair, window: Tensor) -> Tensor:
    kernel = window.expand(x.shape[1], 1, *window.shape)
    return conv2d(x, kernel, None, factors, _padding(factors), groups=x.shape[1])


def _interpolate(x: Tensor, factors: Pair, window: Tensor) -> Tensor:
    kernel = window.expand(x.shape[1], 1, *window.shape)
    return conv_transpose2d(x, kernel, None, factors, _padding(factors), groups=x.shape[1])


def _padding(factors: Pair) -> Pair:
    rows, columns = (REACH if factor > 1 else 0 for factor in factors)
    return rows, columns
