"""Drops small objects: a filter on the sizes of the current labels, which costs no pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.postprocess.passes import Pass
from bioloom.postprocess.program import Setting, last_labels
from bioloom.settings.base import Auto, Section


class RemoveSmallOptions(Section):
    """Removes objects that are too small to be real."""

    name: Literal["remove_small"] = "remove_small"
    min_voxels: Annotated[int, Field(ge=1)] | Auto = "auto"
    """The smallest size that stays, in voxels; `auto` is the fingerprint's, 20 without one."""


@dataclass(frozen=True)
class AtLeast:
    """The filter that keeps objects of `min_voxels` or more."""

    min_voxels: int

    def __call__(self, voxels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which sizes are large enough."""
        return voxels >= self.min_voxels


def remove_small(options: RemoveSmallOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the passes with a filter added to the one that made the current labels."""
    current = last_labels(passes, "remove_small")
    keep = AtLeast(setting.count(options.min_voxels, "min_voxels"))
    return [*passes[:-1], replace(current, filters=(*current.filters, keep))]
