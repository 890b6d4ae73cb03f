"""Smooth random bending."""

from __future__ import annotations

from math import ceil

import torch

from bioloom.augment.displacement import Displacement
from bioloom.augment.options import ElasticOptions
from bioloom.augment.spatial_map import SpatialMap

LARGEST_DRAW = 2.0
"""Draws end at this many standard deviations, so that the displacement has a bound and cannot fold."""


def elastic(map_: SpatialMap, options: ElasticOptions, generator: torch.Generator) -> SpatialMap:
    """Displace control points by normal draws; lengths are in voxels of the finest axis.

    Nothing moves along an axis on which the patch is flat, so that planes stay apart.
    """
    frame = map_.frame
    step = options.control_spacing * frame.finest
    sides = zip(frame.shape, frame.spacing, strict=True)
    # One control point beyond each end, so that the border bends like the middle.
    counts = [ceil((n - 1) * spacing / step) + 3 for n, spacing in sides]
    draws = torch.randn(frame.ndim, *counts, generator=generator, dtype=torch.float64)
    controls = draws.clamp(-LARGEST_DRAW, LARGEST_DRAW) * (options.magnitude * frame.finest)
    controls[list(frame.flat)] = 0
    return map_.bent(Displacement(controls, (step,) * frame.ndim))
