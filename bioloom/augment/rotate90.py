"""Quarter and half turns."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import torch

from bioloom.augment.draw import choice
from bioloom.augment.options import Rotate90Options
from bioloom.augment.spatial_map import SpatialMap


def rotate90(map_: SpatialMap, options: Rotate90Options, generator: torch.Generator) -> SpatialMap:
    """Turn by 0 to 3 quarters in one plane; by 0 or 2 where the sides of the patch or of the voxel differ."""
    frame = map_.frame
    planes = list(combinations(range(frame.ndim), 2)) if options.planes == "all" else [(-2, -1)]
    first, second = planes[choice(len(planes), generator)]
    square = frame.shape[first] == frame.shape[second] and frame.spacing[first] == frame.spacing[second]
    quarters = choice(4, generator) if square else 2 * choice(2, generator)
    quarter = np.eye(frame.ndim)
    quarter[[first, second]] = quarter[[second, first]] * [[-1.0], [1.0]]
    return map_.then(np.linalg.matrix_power(quarter, quarters))
