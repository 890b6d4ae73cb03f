"""Objects from a foreground map and a seed map: seeds per block, united; then a flood per block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.channels import Terms, Threshold, find_terms
from bioloom.postprocess.flooding import find_open_faces, flood, settle
from bioloom.postprocess.labels import LabelPass
from bioloom.postprocess.ordering import smoothing_radius
from bioloom.postprocess.passes import LABELS, Pass, Source
from bioloom.postprocess.program import Setting
from bioloom.postprocess.seeds import PARTS, Rules, Seeds
from bioloom.settings.base import Section


class WatershedOptions(Section):
    """Cuts the foreground into objects, one per seed."""

    name: Literal["watershed"] = "watershed"
    foreground: Terms = ("foreground",)
    """Terms whose minimum, above its threshold, is the foreground."""
    foreground_threshold: Threshold = "fit"
    """Where the foreground begins, in the channel's units; `fit` is the calibrated value, 0.5 without one."""
    seeds: Terms = ("center",)
    """Terms whose minimum, above its threshold, makes seeds in the mask: `[foreground, not contour]`."""
    seed_threshold: Threshold = "fit"
    """Where seeds begin, in the channel's units; `fit` is the calibrated value, 0.5 without one."""
    seed_smoothing: float = Field(default=0.7, ge=0, le=16)
    """Standard deviation of the Gaussian that smooths the seed map before its threshold, in voxels of the
    finest axis; without it, noise makes several seeds of one. 0: no smoothing."""
    seed_step: float = Field(default=0.1, ge=0, le=1)
    """By how much the threshold of seeds is raised again and again, up to 1: a seed that falls apart on the
    way is as many seeds as it has pieces. 0: seeds are what lies above the threshold."""
    seed_voxels: int = Field(default=8, ge=1)
    """The smallest piece that a seed may fall into, in voxels."""
    unseeded: Literal["keep", "drop"] = "keep"
    """What becomes of a part of the foreground that holds no seed: one object (`keep`), or none (`drop`)."""
    topography: Terms = ("distance",)
    """Terms whose minimum is flooded from high to low values."""
    connectivity: int = Field(default=1, ge=1, le=3)
    """Voxels are neighbours if they share a face (1), also an edge (2), also a corner (3, in 3D)."""


@dataclass(frozen=True, kw_only=True)
class Flood(LabelPass):
    """Floods the window of a block from the united seeds, in a larger window where the certificate fails."""

    rules: Rules
    seeds: str

    def label(self, block: Block, source: Source) -> tuple[NDArray[np.uint32], int]:
        """Return the labels of the core by seed ids, and how often the halo had to grow."""
        halo, redone = block.halo, 0
        while True:
            window = block.core.grow(halo).clip(source.image)
            labels, unknown = self._flood(window, source)
            core = block.core.within(window).slices
            if not unknown[core].any():
                return np.ascontiguousarray(labels[core]), redone
            halo, redone = tuple(2 * width + 8 for width in halo), redone + 1

    def _flood(self, window: Box, source: Source) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
        rules, image = self.rules, source.image
        seen = window.grow(rules.radius).clip(image)
        prediction = rules.read(source, seen)
        mask = rules.mask(prediction[(slice(None), *window.within(seen).slices)])
        heights = rules.topography(prediction)
        del prediction  # the arrays of a window are large: none is kept longer than it is needed
        seeds, faces = self._seeds(window, source), find_open_faces(window, image)
        labels, unknown, left = settle(mask, seeds, faces, rules.connectivity)
        if left.any():
            rank = rules.rank(heights, seen, window, image, left, rules.radius)
            del heights, mask
            more, not_known = flood(rank, left, seeds, faces, rules.connectivity)
            labels |= more
            unknown |= not_known
        return labels, unknown

    def _seeds(self, window: Box, source: Source) -> NDArray[np.uint32]:
        layers = {LABELS: self._ids(source, "")}
        if self.rules.keep_unseeded:
            layers[PARTS] = self._ids(source, "part-")
        return source.gather(window, self.seeds, layers)

    def _ids(self, source: Source, prefix: str) -> Callable[[int], NDArray[np.uint32]]:
        """Return a function from the position of a block to the image-wide ids of its labels."""
        table = source.workspace.table(self.seeds)
        offsets = table.read(f"{prefix}offsets")

        def ids(position: int) -> NDArray[np.uint32]:
            entries = slice(int(offsets[position]), int(offsets[position + 1]))
            return np.concatenate([np.zeros(1, np.uint32), table.read(f"{prefix}ids", (entries,))])

        return ids


def watershed(options: WatershedOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the two passes of a watershed, which must come first.

    Raises
    ------
    BioLoomError
        If other operations come first, a channel is missing, or the image is too flat for `connectivity`.
    """
    if passes:
        raise BioLoomError("postprocess: watershed comes after another operation", fix="put it first")
    if options.connectivity > len(setting.spacing):
        raise BioLoomError(
            f"postprocess: watershed has connectivity {options.connectivity} on a 2D image", allowed="1 or 2"
        )
    rules = Rules(
        foreground=find_terms(options.foreground, setting.channels),
        foreground_threshold=setting.threshold(options.foreground_threshold, "foreground"),
        seeds=find_terms(options.seeds, setting.channels),
        levels=_levels(setting.threshold(options.seed_threshold, "seed"), options.seed_step),
        seed_voxels=options.seed_voxels,
        topography=find_terms(options.topography, setting.channels),
        connectivity=options.connectivity,
        radius=smoothing_radius(setting.spacing),
        rank=setting.rank,
        sigma=tuple(options.seed_smoothing * min(setting.spacing) / step for step in setting.spacing),
        keep_unseeded=options.unseeded == "keep",
    )
    seeds = Seeds("0-seeds", rules)
    return [seeds, Flood(name="1-flood", rules=rules, seeds=seeds.name)]


def _levels(threshold: float, step: float) -> tuple[float, ...]:
    """Return the thresholds of seeds, from the lowest, those above it below 1."""
    count = max(1, ceil((1 - threshold) / step - 1e-9)) if step else 1
    return tuple(threshold + step * level for level in range(count))
