"""Gives the voxels around objects, or those of a mask, to the nearest object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.postprocess.blocks import Block
from bioloom.postprocess.channels import Expression, Terms, find_terms
from bioloom.postprocess.labels import LabelPass, gather_labels
from bioloom.postprocess.nearest import Ball, nearest_labels
from bioloom.postprocess.passes import Pass, Source
from bioloom.postprocess.program import Setting, last_labels
from bioloom.settings.base import Section


class VoronoiOptions(Section):
    """Gives voxels without a label to the nearest object within a distance, everywhere or in a mask."""

    name: Literal["voronoi"] = "voronoi"
    max_distance: float = Field(default=5.0, ge=1, le=128)
    """How far an object may grow, in voxels of the finest axis (1 to 128); along coarser axes as long."""
    max_distance_um: Annotated[float, Field(gt=0)] | None = None
    """How far an object may grow in micrometres, instead of `max_distance`."""
    foreground: Terms | None = None
    """Terms whose minimum, above `threshold`, is the mask: `foreground`. Without it, all background."""
    threshold: float = 0.5
    """Where the mask begins, in the channel's units."""


@dataclass(frozen=True, kw_only=True)
class Voronoi(LabelPass):
    """Grows the labels of pass `of`."""

    of: str
    ball: Ball
    foreground: Expression | None
    threshold: float

    def label(self, block: Block, source: Source) -> tuple[NDArray[np.uint32], int]:
        """Return the grown labels of the core; one look is always enough."""
        self.ball.check("voronoi")
        window = block.core.grow(self.ball.reach).clip(source.image)
        core = block.core.within(window).slices
        labels = gather_labels(source, self.of, window)
        grows = labels[core] == 0
        if self.foreground is not None:
            grows &= self.foreground(source.prediction.read(block.core)) > self.threshold
        return np.where(grows, nearest_labels(labels, self.ball)[core], labels[core]), 0


def voronoi(options: VoronoiOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the passes with one more that grows the current labels."""
    grown = Voronoi(
        name=f"{len(passes)}-voronoi",
        of=last_labels(passes, options.name).name,
        ball=Ball.of(options.max_distance, options.max_distance_um, setting.spacing),
        foreground=None if options.foreground is None else find_terms(options.foreground, setting.channels),
        threshold=options.threshold,
    )
    return [*passes, grown]
