"""The record of a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Task:
    """The defaults of one task; every entry can be replaced in the config.

    Plug-ins are written as in the config: a mapping with a name and options.
    """

    name: str
    summary: str
    """What the task does, in one line for tables and the report."""
    targets: tuple[dict[str, Any], ...]
    """What the network learns (``train.targets``); each target declares its losses."""
    augment: tuple[dict[str, Any], ...]
    """The default augmentation recipe, in order."""
    postprocess: tuple[dict[str, Any], ...]
    """The default operations from prediction to output, in order."""
    metrics: tuple[dict[str, Any], ...]
    """What is evaluated where labels are given."""
    headline: str
    """The metric that the report shows first."""
