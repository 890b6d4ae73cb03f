"""Fills the small holes of objects.

A hole is a face-connected part of the background that is enclosed by one object and does not touch the image
border. One that is at most n voxels long and meets a core lies in the core and n - 1 voxels around it, its
enclosing voxels within n; so a block sees all it needs, and what reaches its window's edge is no small hole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import cc3d
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.postprocess.blocks import Block
from bioloom.postprocess.components import label_components
from bioloom.postprocess.labels import LabelPass, gather_labels
from bioloom.postprocess.passes import Pass, Source
from bioloom.postprocess.program import Setting, last_labels
from bioloom.settings.base import Auto, Section


class FillHolesOptions(Section):
    """Fills holes that one object encloses; holes open to the image border or to other objects stay."""

    name: Literal["fill_holes"] = "fill_holes"
    max_extent: Annotated[int, Field(ge=1)] | Auto = "auto"
    """The longest side of a hole along any axis, in voxels; `auto` is the fingerprint's, 30 without one."""


@dataclass(frozen=True, kw_only=True)
class FillHoles(LabelPass):
    """Fills holes in the labels of pass `of`."""

    of: str
    max_extent: int

    def label(self, block: Block, source: Source) -> tuple[NDArray[np.uint32], int]:
        """Return the filled labels of the core; one look is always enough."""
        window = block.core.grow(self.max_extent).clip(source.image)
        filled = fill_small_holes(gather_labels(source, self.of, window), self.max_extent)
        return np.ascontiguousarray(filled[block.core.within(window).slices]), 0


def fill_small_holes(labels: NDArray[np.uint32], max_extent: int) -> NDArray[np.uint32]:
    r"""Fill the holes of objects that are at most `max_extent` voxels long.

    Parameters
    ----------
    labels : ndarray of uint32, shape (\*spatial)
        0 for background.
    max_extent : int
        The longest side along any axis, in voxels.

    Returns
    -------
    ndarray of uint32, shape (\*spatial)
        A new array. For a single object and a large enough `max_extent` the same as
        ``scipy.ndimage.binary_fill_holes``.
    """
    parts, count = label_components(labels == 0, connectivity=1)
    inner = np.flatnonzero(_small_inner(parts, max_extent)[parts])
    part = parts.ravel()[inner]
    flat = labels.ravel()
    lowest = np.full(count + 1, np.iinfo(np.uint32).max, np.uint32)
    highest = np.zeros(count + 1, np.uint32)
    for step in np.array(labels.strides) // labels.itemsize:
        for neighbours in (flat[inner - step], flat[inner + step]):  # small inner parts touch no border
            around = neighbours > 0
            np.minimum.at(lowest, part[around], neighbours[around])
            np.maximum.at(highest, part[around], neighbours[around])
    filled = flat.copy()
    filled[inner] = np.where(lowest == highest, highest, 0)[part]
    return filled.reshape(labels.shape)


def _small_inner(parts: NDArray[np.unsignedinteger], max_extent: int) -> NDArray[np.bool_]:
    """Return for parts 0 to n which are at most `max_extent` long and touch no border; part 0 is none."""
    bounds = cc3d.statistics(parts, no_slice_conversion=True)["bounding_boxes"].astype(np.int64)
    low, high = bounds[:, 0 : 2 * parts.ndim : 2], bounds[:, 1 : 2 * parts.ndim : 2]
    small = (high - low < max_extent) & (low > 0) & (high < np.array(parts.shape) - 1)
    chosen = np.asarray(small.all(axis=1))
    chosen[0] = False
    return chosen


def fill_holes(options: FillHolesOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the passes with one more that fills the holes of the current labels."""
    extent = setting.count(options.max_extent, "max_extent")
    of = last_labels(passes, "fill_holes").name
    return [*passes, FillHoles(name=f"{len(passes)}-fill_holes", of=of, max_extent=extent)]
