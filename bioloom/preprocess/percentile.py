"""Normalisation by percentiles: robust against a few very bright or dark voxels."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from bioloom.preprocess.statistics import Statistics
from bioloom.settings.base import Section

_NEGLIGIBLE = 1e-6


class PercentileOptions(Section):
    """Scale each channel of each image so that two percentiles of its intensities become 0 and 1."""

    name: Literal["percentile"] = "percentile"
    low: float = Field(default=1.0, ge=0, le=100)
    """Percentile that becomes 0."""
    high: float = Field(default=99.8, ge=0, le=100)
    """Percentile that becomes 1; above `low`."""

    @model_validator(mode="after")
    def _ordered(self) -> PercentileOptions:
        """Refuse an empty range."""
        if self.low >= self.high:
            raise ValueError(f"got low {self.low} and high {self.high}; allowed: low < high")
        return self


def fit(
    statistics: Statistics, options: PercentileOptions
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return offset and scale per channel, ``(channel,)`` each, in raw units.

    Where both percentiles coincide (an image that is empty but for a few voxels) the whole range is the
    scale, and 1 where all voxels are equal.
    """
    low, high = statistics.percentiles((options.low, options.high))
    whole = statistics.maximum - statistics.minimum
    scale = np.where(high - low > _NEGLIGIBLE * whole, high - low, whole)
    return low, np.where(scale > 0, scale, 1.0)
