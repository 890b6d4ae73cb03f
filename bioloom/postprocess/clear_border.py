"""Drops the objects that touch the border of the image, which are seen in part only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bioloom.postprocess.blocks import Block
from bioloom.postprocess.components import faces
from bioloom.postprocess.dropping import DropPass
from bioloom.postprocess.filters import Along, along_axes
from bioloom.postprocess.passes import Pass, Source
from bioloom.postprocess.program import Setting, last_labels
from bioloom.postprocess.workspace import Arrays
from bioloom.settings.base import Section


class ClearBorderOptions(Section):
    """Removes objects that touch the border of the image."""

    name: Literal["clear_border"] = "clear_border"
    along: Along = "all"
    """Which ends of the image count: those of `z` (3D only), the sides of planes (`xy`), or `all`."""


@dataclass(frozen=True, kw_only=True)
class ClearBorder(DropPass):
    """Drops the objects of pass `of` that touch the ends of these axes; axes of length 1 have no ends."""

    axes: tuple[int, ...]

    def describe(self, labels: NDArray[np.uint32], block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return the labels on those faces of a core that are faces of the image, as ``border``."""
        core, image = faces(block.core), faces(source.image)
        found = [np.zeros(0, np.uint32)]
        for axis in self.axes:
            for name in (f"face-{axis}-low", f"face-{axis}-high"):
                if source.image.shape[axis] > 1 and image[name].contains(core[name]):
                    found.append(np.unique(labels[core[name].within(block.core).slices]))
        return {"border": np.unique(np.concatenate(found))}

    def dropped(self, partials: Iterator[Arrays], source: Source) -> NDArray[np.integer]:
        """Return the labels that touch the border anywhere."""
        return np.unique(np.concatenate([partial.read("border") for partial in partials]))


def clear_border(options: ClearBorderOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the passes with one more that drops what touches the border.

    Raises
    ------
    BioLoomError
        If there are no labels, or for `z` on an image without z.
    """
    of, ndim = last_labels(passes, options.name).name, len(setting.spacing)
    used = along_axes(True, False, options.along, ndim, options.name)
    axes = tuple(axis for axis in range(ndim) if used[axis])
    return [*passes, ClearBorder(name=f"{len(passes)}-clear_border", of=of, axes=axes)]
