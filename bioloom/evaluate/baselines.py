"""The trivial baselines: for every truth a method that learns nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bioloom.evaluate.baseline import otsu_watershed, rare_as_bright
from bioloom.evaluate.otsu_classes import otsu_classes

Baseline = Callable[[np.ndarray, Sequence[float], Sequence[int]], np.ndarray]
"""From an image ``(C, *spatial)``, its voxel size in micrometres and the classes to what is compared."""

BASELINES: Mapping[str, Baseline] = {
    "objects": lambda image, spacing, classes: otsu_watershed(image, spacing),
    "classes": lambda image, spacing, classes: otsu_classes(image, classes),
    "points": lambda image, spacing, classes: otsu_watershed(rare_as_bright(image), spacing),
}
