"""Normalisation to zero mean and unit variance."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bioloom.preprocess.statistics import Statistics
from bioloom.settings.base import Section


class StandardizeOptions(Section):
    """Subtract the mean of each channel of each image and divide by its standard deviation."""

    name: Literal["standardize"] = "standardize"


def fit(
    statistics: Statistics, options: StandardizeOptions
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation per channel, ``(channel,)`` each, in raw units; 1 where it is 0."""
    return statistics.mean, np.where(statistics.std > 0, statistics.std, 1.0)
