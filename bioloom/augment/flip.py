"""Mirror along axes."""

from __future__ import annotations

import numpy as np
import torch

from bioloom.augment.draw import happens
from bioloom.augment.options import FlipOptions
from bioloom.augment.spatial_map import SpatialMap


def flip(map_: SpatialMap, options: FlipOptions, generator: torch.Generator) -> SpatialMap:
    """Mirror every allowed axis with probability 1/2."""
    letters = "ZYX"[-map_.frame.ndim :]
    draws = [happens(0.5, generator) for _ in letters]
    signs = [-1.0 if d and letter in options.axes else 1.0 for d, letter in zip(draws, letters, strict=True)]
    return map_.then(np.diag(signs))
