"""Skeleton: the middle lines of objects."""

from __future__ import annotations

from math import ceil
from typing import Literal

import numpy as np
from pydantic import Field

from bioloom.settings.base import Section
from bioloom.targets.base import Cut, Floats, Labels, Target
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.seen import CORNERS, middle, pieces


class SkeletonOptions(Section):
    """The middle lines of objects, for long and branched ones."""

    name: Literal["skeleton"] = "skeleton"
    """Name of the target."""
    width: int = Field(3, ge=1, le=16)
    """How thick the lines are: 1 is a line of single voxels, each further one adds a layer of voxels, as far
    as the object goes (1 or more)."""


class Skeleton(Target):
    """1 on the skeleton of every object, made of each by itself.

    In 3D that is a line, too, thinned in all directions at once. Zhang and Suen, Communications of the ACM 27
    (1984) in 2D, Lee et al., CVGIP 56 (1994) in 3D, both by scikit-image. Thinning counts voxels: they need
    not be cubes. Objects end at the border of the image.
    """

    activation = "sigmoid"
    losses = ({"name": "binary_cross_entropy"}, {"name": "dice"})

    def margin(self, median_radius_um: float, spacing: tuple[float, ...]) -> tuple[int, ...]:
        """Return four median radii, so that objects up to that long are seen whole. See `Target.margin`."""
        return tuple(ceil(4 * median_radius_um / step) + 1 for step in spacing)

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Draw the skeletons; an object that a cut meets has weight 0, since all of it may change."""
        from scipy import ndimage
        from skimage.morphology import skeletonize

        values = np.zeros(labels.shape, np.float32)
        seen = pieces(labels, cut, CORNERS)
        for number, box in enumerate(seen.boxes, start=1):
            if seen.whole[number]:
                piece = np.pad(seen.numbers[box] == number, 1)
                line = skeletonize(piece)
                if not line.any():  # thinning in 3D leaves nothing of some small even blocks
                    line[middle(piece, spacing)] = True
                if self.options.width > 1:
                    line = ndimage.binary_dilation(line, iterations=self.options.width - 1, mask=piece)
                values[box][line[(slice(1, -1),) * labels.ndim]] = 1
        weight = (labels >= 0) & np.take(seen.whole, seen.numbers)
        return values[None], weight.astype(np.float32)[None]
