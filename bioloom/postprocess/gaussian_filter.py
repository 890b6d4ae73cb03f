"""Smooths predictions: every voxel gets a mean of those around it, weighted by a Gaussian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.postprocess.filters import Along, Channels, PredictionFilter, along_axes, find_channels
from bioloom.postprocess.passes import Pass
from bioloom.postprocess.program import Setting
from bioloom.settings.base import Section


class GaussianFilterOptions(Section):
    """Smooths the prediction by a Gaussian, for the operations that follow."""

    name: Literal["gaussian_filter"] = "gaussian_filter"
    channels: Channels = "all"
    """Which channels of the prediction are smoothed: names, or `all`."""
    sigma: float = Field(default=1.0, gt=0, le=16)
    """Standard deviation, in voxels of the finest axis (above 0, up to 16); along coarser axes as long."""
    sigma_um: Annotated[float, Field(gt=0)] | None = None
    """Standard deviation in micrometres, instead of `sigma`."""
    along: Along = "all"
    """Axes to smooth: along `z` (3D only), within planes (`xy`), or `all`."""


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian of these standard deviations in voxels, cut at three of them; mirrored at the border."""

    sigma: tuple[float, ...]

    @property
    def reach(self) -> tuple[int, ...]:
        """How far it looks, in voxels per axis."""
        return tuple(ceil(3 * sigma) for sigma in self.sigma)

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the smoothed values. See `bioloom.postprocess.filters.Filter`."""
        from scipy.ndimage import gaussian_filter  # the options are read without scipy

        # every output is summed up in the same order wherever the window lies, so windows agree exactly
        return np.asarray(gaussian_filter(values, self.sigma, mode="reflect", radius=self.reach))


def gaussian_filter(options: GaussianFilterOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the passes with a filter at the end, for those that will be added."""
    channels = find_channels(options.channels, setting.channels, options.name)
    length = options.sigma_um or options.sigma * min(setting.spacing)
    lengths = along_axes(length, 0.0, options.along, len(setting.spacing), options.name)
    sigma = tuple(part / step for part, step in zip(lengths, setting.spacing, strict=True))
    return [*passes, PredictionFilter(options.name, channels, Gaussian(sigma))]
