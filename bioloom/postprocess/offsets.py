"""Objects from offsets to their centers: a watershed on how steeply the offsets jump."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.postprocess.channels import Terms, Threshold, find_vector
from bioloom.postprocess.passes import Pass, Reader
from bioloom.postprocess.program import Setting, needs_all_axes
from bioloom.postprocess.watershed import WatershedOptions, watershed
from bioloom.settings.base import Section

INTERIOR = "interior"


class OffsetsOptions(Section):
    """Cuts the foreground where the offsets to the objects' centers jump."""

    name: Literal["offsets"] = "offsets"
    foreground: Terms = ("foreground",)
    """Terms whose minimum, above its threshold, is the foreground."""
    foreground_threshold: Threshold = "fit"
    """Where the foreground begins, in the channel's units; `fit` is the calibrated value, 0.5 without one."""
    offset: str = "offset"
    """The target whose channels `-z`, `-y` and `-x` are the components of the offsets."""
    seed_threshold: Threshold = "fit"
    """Where seeds begin: 1 is where offsets fall along their axis, as inside of objects, 0 where they rise
    by 1 over two voxels, as between objects; `fit` is the calibrated value, 0.5 without one."""
    seed_smoothing: float = Field(default=0.7, ge=0, le=16)
    """Standard deviation of the Gaussian that smooths the seed map before its threshold, in voxels of the
    finest axis. 0: no smoothing."""
    seed_step: float = Field(default=0.1, ge=0, le=1)
    """As that of `watershed`: by how much the threshold of seeds is raised again and again."""
    seed_voxels: int = Field(default=8, ge=1)
    """As that of `watershed`: the smallest piece that a seed may fall into, in voxels."""
    unseeded: Literal["keep", "drop"] = "keep"
    """What becomes of a part of the foreground that holds no seed: one object (`keep`), or none (`drop`)."""
    connectivity: int = Field(default=1, ge=1, le=3)
    """Voxels are neighbours if they share a face (1), also an edge (2), also a corner (3, in 3D)."""


@dataclass(frozen=True)
class WithInterior:
    """A prediction with one more channel, the `interior` of its offsets.

    Parameters
    ----------
    prediction : Reader
        The prediction.
    image : Box
        The whole image.
    offset : tuple of int
        The channels of the offsets, by axis.
    """

    prediction: Reader
    image: Box
    offset: tuple[int, ...]

    def read(self, box: Box) -> NDArray[Any]:
        r"""Return the voxels of a box inside the image, ``(channel + 1, *box.shape)``."""
        seen = box.grow(1).clip(self.image)
        values = self.prediction.read(seen)
        beyond = [
            (a - b, d - c)
            for a, b, c, d in zip(seen.start, box.grow(1).start, seen.stop, box.grow(1).stop, strict=True)
        ]
        vectors = np.pad(
            np.stack([values[axis] for axis in self.offset]).astype(np.float32),
            [(0, 0), *beyond],
            mode="edge",
        )
        own = values[(slice(None), *box.within(seen).slices)]
        return np.concatenate([own, interior(vectors)[np.newaxis].astype(own.dtype)])


def interior(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much a voxel is inside of an object, 0 to 1, from the offsets to the objects' centers.

    Inside, each component falls along its axis; from object to object it jumps up, by 2 at most. The value is
    1 less the largest rise over two voxels, smoothed across by 1, 2, 1 as by Sobel's filter, between 0 and 1.
    After HoVer-Net (Graham et al., Medical Image Analysis 58, 2019), without statistics of the image.

    Parameters
    ----------
    vectors : ndarray of float32, shape (ndim, *spatial)
        In units of the objects' size, see `bioloom.targets.offset`.

    Returns
    -------
    ndarray of float32, shape (*spatial), one voxel less at every face
    """
    steepest = np.zeros(tuple(side - 2 for side in vectors.shape[1:]), np.float32)
    for axis, component in enumerate(vectors):
        rise = component
        for along in range(vectors.ndim - 1):
            line = np.moveaxis(rise, along, 0)
            low, middle, high = line[:-2], line[1:-1], line[2:]
            changed = high - low if along == axis else (low + 2 * middle + high) / 4
            rise = np.moveaxis(changed, 0, along)
        np.maximum(steepest, rise, out=steepest)
    return np.float32(1) - np.minimum(steepest, np.float32(1))


def offsets(options: OffsetsOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the two passes of a watershed on the interior of offsets, which must come first.

    Raises
    ------
    BioLoomError
        If other operations come first, a channel is missing, or the image is too flat for `connectivity`.
    """
    needs_all_axes(setting, "offsets")
    if passes:
        raise BioLoomError("postprocess: offsets comes after another operation", fix="put it first")
    channels = find_vector(options.offset, setting.channels, len(setting.spacing))
    settings = options.model_dump(exclude={"name", "offset"})
    flooded = WatershedOptions(**settings, seeds=(INTERIOR,), topography=(INTERIOR,))
    names = (*setting.channels, INTERIOR)

    def view(prediction: Reader, image: Box) -> WithInterior:
        return WithInterior(prediction, image, channels)

    steps: list[Any] = watershed(flooded, passes, replace(setting, channels=names))
    return [replace(step, rules=replace(step.rules, view=view)) for step in steps]
