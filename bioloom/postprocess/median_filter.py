"""Takes noise out of predictions: every voxel gets the median of the box around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.postprocess.filters import Along, Channels, PredictionFilter, along_axes, find_channels
from bioloom.postprocess.passes import Pass
from bioloom.postprocess.program import Setting
from bioloom.settings.base import Section


class MedianFilterOptions(Section):
    """Gives every voxel of the prediction the median of those around it, for the operations that follow."""

    name: Literal["median_filter"] = "median_filter"
    channels: Channels = "all"
    """Which channels of the prediction are filtered: names, or `all`."""
    radius: int = Field(default=1, ge=1, le=16)
    """How far the window reaches to each side, in voxels (1 to 16)."""
    along: Along = "all"
    """Axes of the window: along `z` (3D only), within planes (`xy`), or `all`."""


@dataclass(frozen=True)
class Median:
    """The median of a box that reaches so many voxels to each side; mirrored at the border."""

    reach: tuple[int, ...]

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the filtered values. See `bioloom.postprocess.filters.Filter`."""
        from scipy.ndimage import median_filter  # the options are read without scipy

        sides = tuple(2 * radius + 1 for radius in self.reach)
        return np.asarray(median_filter(values, size=sides, mode="reflect"))


def median_filter(options: MedianFilterOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the passes with a filter at the end, for those that will be added."""
    channels = find_channels(options.channels, setting.channels, options.name)
    reach = along_axes(options.radius, 0, options.along, len(setting.spacing), options.name)
    return [*passes, PredictionFilter(options.name, channels, Median(reach))]
