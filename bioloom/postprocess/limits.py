"""The size above which an object is too large, said in voxels, in micrometres or by the other objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from bioloom.settings.base import Count, Section, Size

TIMES_MEDIAN = 4.0
"""By how much an object exceeds the median where nothing else is said."""


class SizeOptions(Section):
    """What an operation on large objects asks for."""

    max_voxels: Count | None = None
    """The largest size that is no mistake, in voxels."""
    max_size_um: Size | None = None
    """The largest size that is no mistake, in square micrometres (2D) or cubic micrometres (3D)."""
    times_median: Annotated[float, Field(gt=1)] | None = None
    """The largest size that is no mistake, as a multiple of the median size of all objects of the image;
    4 where no other limit is given."""

    @model_validator(mode="after")
    def _one_limit(self) -> SizeOptions:
        given = [self.max_voxels, self.max_size_um, self.times_median]
        if sum(value is not None for value in given) > 1:
            raise PydanticCustomError(
                "limits", "several limits; allowed: one of max_voxels, max_size_um, times_median"
            )
        return self


@dataclass(frozen=True)
class SizeLimit:
    """Says which objects are too large.

    Parameters
    ----------
    voxels : float or None
        The largest size, in voxels.
    times_median : float
        Without it, the multiple of the median size.
    """

    voxels: float | None
    times_median: float

    @classmethod
    def of(cls, options: SizeOptions, spacing: Sequence[float]) -> SizeLimit:
        """Return the limit that options ask for, with voxels of this size in micrometres."""
        voxels: float | None = options.max_voxels
        if options.max_size_um is not None:
            voxels = options.max_size_um / prod(spacing)
        return cls(voxels, options.times_median or TIMES_MEDIAN)

    def exceeded(self, voxels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for the sizes of all objects of an image which are too large."""
        limit = self.voxels
        if limit is None:
            limit = self.times_median * float(np.median(voxels)) if voxels.size else 0
        return voxels > limit * (1 + 1e-9)  # sizes in micrometres are rounded
