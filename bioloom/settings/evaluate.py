"""How results are scored."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from bioloom.settings.base import Auto, Plugin, Section


class Evaluate(Section):
    """Scores of the test images."""

    metrics: list[Annotated[Any, Plugin("metric")]] | Auto = "auto"
    """What is measured; auto: the metrics of the task."""
    baseline: bool = True
    """Whether a method without learning is scored beside the network (`baseline_...` in the tables)."""
    smallest_truth: int = Field(default=0, ge=0)
    """Voxels below which a true object at the border of the image is not judged, nor what is found of it."""
