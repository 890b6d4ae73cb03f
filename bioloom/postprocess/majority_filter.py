"""Smooths a class map: every voxel takes the class that most voxels around it have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.errors import BioLoomError
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.classes import ClassPass, gather_classes
from bioloom.postprocess.passes import Pass, Source
from bioloom.postprocess.program import Setting, last_classes
from bioloom.settings.base import Section


class MajorityFilterOptions(Section):
    """Gives every voxel the most common class around it; for two classes this is the median filter."""

    name: Literal["majority_filter"] = "majority_filter"
    radius: int = Field(default=1, ge=1, le=32)
    """How far the window reaches to each side, in voxels (1 to 32)."""
    along: Literal["z", "xy", "all"] = "all"
    """Axes of the window: along `z` (3D only), within planes (`xy`), or `all`."""


@dataclass(frozen=True, kw_only=True)
class MajorityFilter(ClassPass):
    """Filters the class map of another pass; `reach` is the radius per axis."""

    of: ClassPass
    reach: tuple[int, ...]

    def classify(self, block: Block, source: Source) -> NDArray[Any]:
        """Return the class map of the core. See `ClassPass.classify`."""
        window = block.core.grow(self.reach).clip(source.image)
        values = most_common(gather_classes(source, self.of, window), self.classes, self.reach)
        return np.ascontiguousarray(values[block.core.within(window).slices])


def most_common(
    values: NDArray[Any], classes: Sequence[int], reach: Sequence[int]
) -> NDArray[np.unsignedinteger]:
    r"""Return for every voxel the most common class in the box around it, as far as there are voxels.

    Parameters
    ----------
    values : ndarray of unsigned int, shape (\*spatial)
        Ids of classes.
    classes : sequence of int
        All ids.
    reach : sequence of int
        How far the box reaches to each side, per axis, in voxels.

    Returns
    -------
    ndarray, like `values`
        Of equally common classes the voxel's own stays; else the lowest id is taken.
    """
    from scipy.ndimage import correlate1d  # the options above are read without scipy

    best = np.full(values.shape, -1, np.int32)
    chosen = np.zeros_like(values)
    for id_ in sorted(classes):
        own = (values == id_).astype(np.int32)
        votes = own
        for axis, radius in enumerate(reach):
            if radius:
                votes = correlate1d(votes, np.ones(2 * radius + 1, np.int32), axis, mode="constant")
        votes = 2 * votes + own
        chosen[votes > best] = id_
        np.maximum(best, votes, out=best)
    return chosen


def majority_filter(options: MajorityFilterOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the passes with one more that filters the current class map.

    Raises
    ------
    BioLoomError
        If there is no class map, or no z to look along.
    """
    of, ndim = last_classes(passes, options.name), len(setting.spacing)
    if options.along == "z" and ndim == 2:
        raise BioLoomError("postprocess: majority_filter along z on a 2D image", allowed="xy, all")
    deep = 0 if options.along == "xy" else options.radius
    wide = 0 if options.along == "z" else options.radius
    reach = (deep, wide, wide)[-ndim:]
    name = f"{len(passes)}-{options.name}"
    return [*passes, MajorityFilter(name=name, classes=of.classes, of=of, reach=reach)]
