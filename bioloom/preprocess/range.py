"""Normalisation by a fixed range: for calibrated intensities that must not be stretched image by image."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from bioloom.errors import BioLoomError
from bioloom.preprocess.statistics import Statistics
from bioloom.settings.base import Section


class RangeOptions(Section):
    """Scale intensities so that two fixed values become 0 and 1."""

    name: Literal["range"] = "range"
    low: float | list[float]
    """Intensity that becomes 0, raw units; one number, or one per channel."""
    high: float | list[float]
    """Intensity that becomes 1, raw units; one number, or one per channel; above `low`."""

    @model_validator(mode="after")
    def _ordered(self) -> RangeOptions:
        """Refuse lists of different length and empty ranges."""
        lengths = {len(value) for value in (self.low, self.high) if isinstance(value, list)}
        if len(lengths) > 1 or not np.all(np.less(self.low, self.high)):
            raise ValueError(
                f"got low {self.low} and high {self.high}; allowed: low < high, channel by channel"
            )
        return self


def fit(statistics: Statistics, options: RangeOptions) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the low end and the width of the range per channel, ``(channel,)`` each, in raw units.

    Raises
    ------
    BioLoomError
        If the options list another number of channels than the image has.
    """
    channels = len(statistics.mean)
    try:
        low = np.broadcast_to(np.asarray(options.low, np.float64), channels)
        high = np.broadcast_to(np.asarray(options.high, np.float64), channels)
    except ValueError:
        raise BioLoomError(
            f"normalize: range is given for {max(np.size(options.low), np.size(options.high))} channels, "
            f"the image has {channels}",
            fix="give one number, or one per channel",
        ) from None
    return low, high - low
