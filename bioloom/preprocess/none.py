"""No normalisation: the network sees the raw numbers."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bioloom.preprocess.statistics import Statistics
from bioloom.settings.base import Section


class NoneOptions(Section):
    """Leave the intensities as they are in the file."""

    name: Literal["none"] = "none"


def fit(statistics: Statistics, options: NoneOptions) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return 0 and 1 for every channel, ``(channel,)`` each."""
    return np.zeros(len(statistics.mean)), np.ones(len(statistics.mean))
