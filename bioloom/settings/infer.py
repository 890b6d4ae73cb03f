"""How images are predicted."""

from __future__ import annotations

from pydantic import Field

from bioloom.settings.base import Auto, Count, Margins, Precision, Section, Sides


class Infer(Section):
    """Prediction by chunks, stitching and post-processing by blocks; only `patch_size` changes the result."""

    patch_size: Sides | Auto = "auto"
    """Sides in voxels of the patches that are predicted; auto: twice `patch.size`, within the images. The
    larger they are, the less of the image lies near the border of a patch."""
    chunk: Sides | Auto = "auto"
    """Patches per axis that one job predicts; auto: a few minutes of work."""
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
