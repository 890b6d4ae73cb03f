"""Drops large objects: a filter on the sizes of the current labels, which costs no pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bioloom.postprocess.limits import SizeLimit, SizeOptions
from bioloom.postprocess.passes import Pass
from bioloom.postprocess.program import Setting, last_labels


class RemoveLargeOptions(SizeOptions):
    """Removes objects that are too large to be real."""

    name: Literal["remove_large"] = "remove_large"


@dataclass(frozen=True)
class AtMost:
    """The filter that keeps objects within a limit."""

    limit: SizeLimit

    def __call__(self, voxels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which sizes are small enough."""
        return ~self.limit.exceeded(voxels)


def remove_large(options: RemoveLargeOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the passes with a filter added to the one that made the current labels."""
    current = last_labels(passes, options.name)
    keep = AtMost(SizeLimit.of(options, setting.spacing))
    return [*passes[:-1], replace(current, filters=(*current.filters, keep))]
