from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from bioloom.postprocess import OPERATIONS
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.labels import LabelPass, Relabel
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import Setting


@dataclass(frozen=True, kw_only=True)
class Given(LabelPass):
    """Labels that are there already."""

    labels: NDArray

    def label(self, block, source):
        return self.labels[block.core.slices], 0


@pytest.fixture
def operate() -> Callable[..., NDArray[np.uint32]]:
    """A function that carries out operations on labels, in one block or in several.

    It numbers labels by first voxels before and after, as all operations do.
    """

    def run(labels, *operations, spacing=None, tile=None, prediction=None, halo=1):
        spacing = spacing or (1.0,) * labels.ndim
        prediction = np.zeros((1, *labels.shape), np.float32) if prediction is None else prediction
        channels = ("a", "b", "c")[: len(prediction)]
        passes = [Given(name="0-given", labels=labels.astype(np.uint32))]
        for operation in operations:
            options = OPERATIONS.parse(operation)
            passes = OPERATIONS[options.name](options, passes, Setting(channels, spacing))
        passes = [*passes, Relabel("last", of=passes[-1].name)]
        return run_in_memory(prediction, passes, Layout.cut(labels.shape, tile or labels.shape, halo))

    return run


@pytest.fixture
def patches() -> Callable[..., NDArray[np.uint32]]:
    """A maker of label images: touching objects and background, some in several places; canonical."""

    def make(shape: tuple[int, ...], seed: int = 0, objects: int = 9) -> NDArray[np.uint32]:
        rng = np.random.default_rng(seed)
        noise = ndimage.gaussian_filter(rng.normal(size=(objects + 1, *shape)), (0, *(1.3,) * len(shape)))
        labels = noise.argmax(axis=0)
        order = np.unique(labels[labels > 0], return_index=True)
        number = np.zeros(objects + 1, np.uint32)
        number[order[0][np.argsort(order[1])]] = np.arange(1, order[0].size + 1)
        return number[labels]

    return make


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
