from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage


@pytest.fixture
def crowded() -> Callable[..., NDArray[np.float32]]:
    """A maker of noisy predictions (foreground, distance) full of touching objects and plateaus."""

    def make(shape: tuple[int, ...], seed: int = 0, levels: int = 8) -> NDArray[np.float32]:
        rng = np.random.default_rng(seed)
        smooth = ndimage.gaussian_filter(rng.normal(size=shape), 1.5)
        smooth /= smooth.std()
        foreground = 1 / (1 + np.exp(-2 * smooth - 1))
        distance = np.clip(0.4 * smooth + 0.05 * rng.normal(size=shape), 0, None)
        return (np.round(np.stack([foreground, distance]) * levels) / levels).astype(np.float32)

    return make


@pytest.fixture
def canonical() -> Callable[[NDArray], NDArray]:
    """Numbers labels by their first voxels, the slow and plain way."""

    def number(labels: NDArray) -> NDArray:
        result = np.zeros(labels.shape, np.uint32)
        seen: dict[int, int] = {}
        for index in np.ndindex(labels.shape):
            value = int(labels[index])
            if value:
                result[index] = seen.setdefault(value, len(seen) + 1)
        return result

    return number
