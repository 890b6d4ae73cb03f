"""The most probable class of every voxel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bioloom.errors import BioLoomError
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.classes import ClassPass
from bioloom.postprocess.passes import Pass, Source
from bioloom.postprocess.program import Setting
from bioloom.settings.base import Section


class ArgmaxOptions(Section):
    """Gives every voxel its most probable class."""

    name: Literal["argmax"] = "argmax"
    target: str = "classes"
    """The target whose channels, `<target>-<id>`, hold the probabilities of the classes."""


@dataclass(frozen=True, kw_only=True)
class Argmax(ClassPass):
    """The class of the largest of some channels; of equal ones, the first."""

    channels: tuple[int, ...]

    def classify(self, block: Block, source: Source) -> NDArray[Any]:
        """Return the class map of the core. See `ClassPass.classify`."""
        prediction = source.prediction.read(block.core)
        best = prediction[list(self.channels)].argmax(axis=0)
        return np.array(self.classes, self.dtype)[best]


def argmax(options: ArgmaxOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the pass that chooses classes, which must come first.

    Raises
    ------
    BioLoomError
        If other operations come first, or the prediction holds no classes.
    """
    if passes:
        raise BioLoomError("postprocess: argmax comes after another operation", fix="put it first")
    begin = f"{options.target}-"
    found = {
        int(name.removeprefix(begin)): index
        for index, name in enumerate(setting.channels)
        if name.startswith(begin) and name.removeprefix(begin).isdigit()
    }
    if not found:
        raise BioLoomError(
            f"postprocess: the prediction has no channels '{begin}<id>'",
            allowed=", ".join(setting.channels),
            fix="add the target classes to train.targets, or begin with threshold",
        )
    return [
        Argmax(name="0-argmax", classes=tuple(sorted(found)), channels=tuple(found[i] for i in sorted(found)))
    ]
