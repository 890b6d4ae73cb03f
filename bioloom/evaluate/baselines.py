"""The trivial baselines: for every truth a method that learns nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bioloom.evaluate.baseline import otsu_watershed, rare_as_bright
from bioloom.evaluate.otsu_classes import otsu_classes

Baseline = Callable[[np.ndarray, Sequence[float], Sequence[int]], np.ndarray]
"""From an image ``(C, *spatial)``, its voxel size in micrometres and the classes to what is compared."""


def _regions(image: np.ndarray, spacing: Sequence[float], _classes: Sequence[int]) -> np.ndarray:
    return otsu_watershed(rare_as_bright(image), spacing)


BASELINES: Mapping[str, Baseline] = {
    "objects": _regions,
    "classes": lambda image, spacing, classes: otsu_classes(image, classes),
    "points": _regions,
}
