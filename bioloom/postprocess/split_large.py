"""Splits large objects where they are narrow: a watershed of the distance to their boundary.

What becomes of an object is decided on its whole bounding box, by every block that holds a piece of it alike.
So one pass finds the boxes, and the next one reads as much around a block as its large objects need.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cc3d
import fastremap
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.labels import LabelPass, gather_labels
from bioloom.postprocess.limits import SizeLimit, SizeOptions
from bioloom.postprocess.passes import Pass, Source
from bioloom.postprocess.program import Setting, last_labels
from bioloom.postprocess.workspace import Arrays


class SplitLargeOptions(SizeOptions):
    """Splits objects that are too large where they are narrow."""

    name: Literal["split_large"] = "split_large"
    max_parts: int = Field(default=8, ge=2, le=64)
    """Into how many parts an object is split at most (2 to 64); those around the thickest places stay."""
    depth: float = Field(default=0.15, ge=0, le=1)
    """How much narrower an object must be between two parts than in the thinner one, as a share of the
    largest distance to its boundary (0 to 1)."""
    smoothing: float = Field(default=1.0, ge=0, le=16)
    """Standard deviation of the Gaussian that smooths distances, in voxels of the finest axis. 0: none."""


@dataclass(frozen=True)
class Cut:
    """How one object is split; see :class:`SplitLargeOptions`, with `sigma` in voxels per axis."""

    max_parts: int
    depth: float
    sigma: tuple[float, ...]
    spacing: tuple[float, ...]


@dataclass(frozen=True)
class Boxes:
    """The bounding boxes of the large objects of pass `of`."""

    name: str
    of: str
    limit: SizeLimit

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return the ``ids`` of large objects in the core, and where they begin (``start``) and end."""
        exceeded = self.limit.exceeded(source.workspace.table(self.of).read("voxels"))
        labels = gather_labels(source, self.of, block.core)
        large = np.where(np.concatenate([[False], exceeded])[labels], labels, 0).astype(np.uint32)
        compact, mapping = fastremap.renumber(large, in_place=True)
        ids = np.array(
            [old for _, old in sorted((new, old) for old, new in mapping.items() if old)], np.int64
        )
        bounds = cc3d.statistics(compact, no_slice_conversion=True)["bounding_boxes"].astype(np.int64)
        bounds = bounds[1 : ids.size + 1]
        return {
            "ids": ids,
            "start": bounds[:, 0 : 2 * labels.ndim : 2] + block.core.start,
            "stop": bounds[:, 1 : 2 * labels.ndim : 2] + 1 + np.array(block.core.start),
        }

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return the ``ids`` of all large objects, ascending, and their boxes."""
        read = [[partial.read(name) for name in ("ids", "start", "stop")] for partial in partials]
        every, starts, stops = (np.concatenate(column) for column in zip(*read, strict=True))
        ids, where = np.unique(every, return_inverse=True)
        start = np.full((ids.size, source.image.ndim), np.iinfo(np.int64).max)
        stop = np.zeros_like(start)
        np.minimum.at(start, where, starts)
        np.maximum.at(stop, where, stops)
        return {"ids": ids, "start": start, "stop": stop}


@dataclass(frozen=True, kw_only=True)
class SplitLarge(LabelPass):
    """Splits the objects of pass `of` whose boxes pass `boxes` found."""

    of: str
    boxes: str
    cut: Cut

    def label(self, block: Block, source: Source) -> tuple[NDArray[np.uint32], int]:
        """Return the labels of the core, and how many objects reach beyond the halo of the block."""
        labels = gather_labels(source, self.of, block.core)
        table = source.workspace.table(self.boxes)
        ids, start, stop = (table.read(name) for name in ("ids", "start", "stop"))
        objects = source.workspace.table(self.of).read("voxels").size
        split, beyond = labels.copy(), 0
        for index in np.flatnonzero(np.isin(ids, fastremap.unique(labels))):
            box = Box(tuple(start[index].tolist()), tuple(stop[index].tolist()))
            beyond += not block.window.contains(box)
            parts = split_object(gather_labels(source, self.of, box) == ids[index], self.cut)
            # the first part keeps its number, the others take numbers that no object has
            new = np.arange(-1, self.cut.max_parts) + (objects + int(index) * self.cut.max_parts)
            new[1] = ids[index]
            common = box.clip(block.core)
            part = parts[common.within(box).slices]
            here = split[common.within(block.core).slices]
            here[part > 0] = new[part[part > 0]]
        return split, beyond


def split_object(mask: NDArray[np.bool_], cut: Cut) -> NDArray[np.integer]:
    r"""Split one object where it is narrow.

    Parameters
    ----------
    mask : ndarray of bool, shape (\*spatial)
        The object in its bounding box; what lies beyond is no object.
    cut : Cut
        How it is split.

    Returns
    -------
    ndarray of int, shape (\*spatial)
        1 for the first part in raster order of the thickest places, 2, ...; 0 outside. Parts grow from the
        maxima of the distance that are at least `depth` high (h-maxima; Soille, Morphological Image
        Analysis, 2003).
    """
    from scipy.ndimage import distance_transform_edt, gaussian_filter, maximum
    from skimage.measure import label
    from skimage.morphology import local_maxima, reconstruction
    from skimage.segmentation import watershed

    distance = distance_transform_edt(np.pad(mask, 1), sampling=cut.spacing)
    if any(cut.sigma):
        distance = gaussian_filter(distance, cut.sigma)
    distance[~np.pad(mask, 1)] = 0
    lowered = np.maximum(distance - max(cut.depth * distance.max(), 1e-9), 0)
    peaks, count = label(local_maxima(reconstruction(lowered, distance)), return_num=True)
    if count < 2:
        return mask.astype(np.int32)
    heights = maximum(distance, peaks, np.arange(1, count + 1))
    chosen = np.sort(np.argsort(-heights, kind="stable")[: cut.max_parts])
    number = np.zeros(count + 1, np.int32)
    number[chosen + 1] = np.arange(1, chosen.size + 1)
    parts = watershed(-distance, number[peaks], mask=np.pad(mask, 1))
    parts = parts[(slice(1, -1),) * mask.ndim]
    return np.where(mask & (parts == 0), 1, parts)  # a piece that lies apart from all parts


def split_large(options: SplitLargeOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the passes with two more that split large objects."""
    of = last_labels(passes, options.name).name
    sigma = tuple(options.smoothing * min(setting.spacing) / step for step in setting.spacing)
    cut = Cut(options.max_parts, options.depth, sigma, setting.spacing)
    boxes = Boxes(f"{len(passes)}-boxes", of, SizeLimit.of(options, setting.spacing))
    split = SplitLarge(name=f"{len(passes) + 1}-split_large", of=of, boxes=boxes.name, cut=cut)
    return [*passes, boxes, split]
