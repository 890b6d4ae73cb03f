"""How results are scored."""

from __future__ import annotations

from typing import Annotated, Any

from bioloom.settings.base import Auto, Plugin, Section


class Evaluate(Section):
    """Scores of the test images."""

    metrics: list[Annotated[Any, Plugin("metric")]] | Auto = "auto"
    """What is measured; auto: the metrics of the task."""
    baseline: bool = True
    """Whether a method without learning is scored beside the network (`baseline_...` in the tables)."""
