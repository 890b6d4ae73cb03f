"""The record of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Truth = Literal["objects", "classes", "points"]
Product = Literal["labels", "classes", "points"]
USUAL = tuple(
    {"name": name}
    for name in (
        "flip",
        "rotate90",
        "affine",
        "elastic",
        "gamma",
        "brightness",
        "contrast",
        "blur",
        "noise",
    )
)
"""The augmentations of pictures without an upright orientation, in order."""


@dataclass(frozen=True)
class Recipe:
    """Targets, and operations that make the output of them: what ``recipe`` in the config chooses."""

    when: str
    """When to use it, in one line for the table of the docs."""
    targets: tuple[dict[str, Any], ...]
    """What the network learns."""
    postprocess: tuple[dict[str, Any], ...]
    """The operations from prediction to output, in order."""


@dataclass(frozen=True)
class Task:
    """The defaults of one task; every entry can be replaced in the config.

    Plug-ins are written as in the config: a mapping with a name and options. Steps and rules ask a record
    what its truth and its product are; they never compare the name of a task.
    """

    name: str
    summary: str
    """What the task does, in one line for tables and the report."""
    truth: Truth
    """What labels say: which object a voxel belongs to, of which class it is, or where points are."""
    product: Product
    """What post-processing ends in: a label image, a class map, or a table of points."""
    targets: tuple[dict[str, Any], ...]
    """What the network learns (``train.targets``); each target declares its losses."""
    postprocess: tuple[dict[str, Any], ...]
    """The default operations from prediction to output, in order."""
    metrics: tuple[dict[str, Any], ...]
    """What is evaluated where labels are given."""
    headline: str
    """The metric that the report shows first."""
    picture: str
    """The kind of synthetic picture that suits it, see `bioloom.synthesize`."""
    augment: tuple[dict[str, Any], ...] = USUAL
    """The default augmentation recipe, in order."""
    recipes: Mapping[str, Recipe] = field(default_factory=dict)
    """Other targets with operations that suit them, by name."""

    @property
    def measured(self) -> bool:
        """Whether the outputs hold objects, to be measured one by one."""
        return self.product == "labels"
