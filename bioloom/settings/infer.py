"""How images are predicted."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bioloom.settings.base import Auto, Count, Margins, Precision, Section, Sides

Orientations = Literal["none", "flips", "all"]
Combine = Literal["mean", "min", "max"]


class Infer(Section):
    """Prediction by chunks, stitching and post-processing by blocks; how work is cut changes no result."""

    patch_size: Sides | Auto = "auto"
    """Sides in voxels of the patches that are predicted; auto: twice `patch.size`, within the images. The
    larger they are, the less of the image lies near the border of a patch."""
    chunk: Sides | Auto = "auto"
    """Patches per axis that one job predicts; auto: a few minutes of work."""
    orientations: Orientations | Auto = "auto"
    """In which orientations each patch is predicted: as it is (`none`), mirrored along every axis (`flips`),
    or also with y and x exchanged (`all`: 8 in 2D, 16 in 3D) where patches and voxels are as long as wide.
    Each takes as long as the first. auto: all, but none for large images."""
    combine: Combine = "mean"
    """How the orientations of a patch become one; channels with a direction, such as flows, take the mean."""
    batch_size: Count | Auto = "auto"
    """Patches predicted at once."""
    block: Sides | Auto = "auto"
    """Sides in voxels of the blocks that are stitched and post-processed; a multiple of the stored shards."""
    halo: Margins | Auto = "auto"
    """Margin in voxels that a block sees around itself; auto: the largest object plus the filters."""
    precision: Precision = "auto"
    """Number format of the computation; auto: the fastest one that the device does well."""
    device: str = Field(default="auto", min_length=1)
    """Where to predict: `cpu`, `cuda` (any free GPU), `cuda:1`...; auto: a free GPU where there are any."""
