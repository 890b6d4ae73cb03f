"""What the network sees at once."""

from __future__ import annotations

from pydantic import Field

from bioloom.settings.base import Auto, Margins, Section, Sides


class Patch(Section):
    """The patches into which images are cut for training and prediction."""

    size: Sides | Auto = "auto"
    """Sides of a patch in voxels, one per spatial axis."""
    overlap: Margins | Auto = "auto"
    """Voxels that neighbouring patches share in prediction, one per spatial axis; less than half of
    `infer.patch_size`."""
    foreground_share: float = Field(default=0.5, ge=0, le=1)
    """Share of the training patches that must show an object; the others are drawn anywhere."""
