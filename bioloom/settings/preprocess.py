"""How images become what the network sees."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from bioloom.settings.base import Plugin, Section


class Preprocess(Section):
    """Conversion of the raw files."""

    normalize: Annotated[Any, Plugin("normalization")] = Field(default="percentile", validate_default=True)
    """How intensities are brought to a common scale, per image and channel."""
