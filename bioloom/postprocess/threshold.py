"""One class where a map exceeds a threshold, background elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.errors import BioLoomError
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.channels import Expression, Terms, find_terms
from bioloom.postprocess.classes import ClassPass
from bioloom.postprocess.passes import Pass, Source
from bioloom.postprocess.program import Setting
from bioloom.settings.base import Auto, Section


class ThresholdOptions(Section):
    """Gives every voxel above a threshold one class, and all others the background."""

    name: Literal["threshold"] = "threshold"
    foreground: Terms = ("foreground",)
    """Terms whose minimum, above the threshold, is the class; such as `classes-2`."""
    threshold: float = 0.5
    """Where the class begins, in the channel's units."""
    class_id: Annotated[int, Field(ge=1, lt=2**16)] | Auto = "auto"
    """Id of the class, 1 to 65,535; auto: the one that the labels have beside the background, else 1."""


@dataclass(frozen=True, kw_only=True)
class Threshold(ClassPass):
    """The second of two classes where an expression exceeds a threshold."""

    foreground: Expression
    threshold: float

    def classify(self, block: Block, source: Source) -> NDArray[Any]:
        """Return the class map of the core. See `ClassPass.classify`."""
        above = self.foreground(source.prediction.read(block.core)) > self.threshold
        return np.where(above, np.array(self.classes[1], self.dtype), np.array(0, self.dtype))


def threshold(options: ThresholdOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the pass that tells the class from the background, which must come first.

    Raises
    ------
    BioLoomError
        If other operations come first, or a channel is missing.
    """
    if passes:
        raise BioLoomError("postprocess: threshold comes after another operation", fix="put it first")
    found = find_terms(options.foreground, setting.channels)
    classes = (0, setting.count(options.class_id, "class_id"))
    return [Threshold(name="0-threshold", classes=classes, foreground=found, threshold=options.threshold)]
