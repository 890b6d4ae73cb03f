"""Objects from a foreground map and a seed map: seeds per block, united; then a flood per block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.channels import Expression, Terms, find_terms
from bioloom.postprocess.components import faces, label_components, unite_components
from bioloom.postprocess.flooding import find_open_faces, flood
from bioloom.postprocess.labels import LabelPass, first_voxels
from bioloom.postprocess.ordering import Ranking, smoothing_radius
from bioloom.postprocess.passes import LABELS, Pass, Source
from bioloom.postprocess.program import Setting
from bioloom.postprocess.workspace import Arrays
from bioloom.settings.base import Section

Threshold = float | Literal["fit"]


class WatershedOptions(Section):
    """Cuts the foreground into objects, one per seed.

    A part of the foreground that holds no seed becomes no object.
    """

    name: Literal["watershed"] = "watershed"
    foreground: Terms = ("foreground",)
    """Terms whose minimum, above its threshold, is the foreground."""
    foreground_threshold: Threshold = "fit"
    """Where the foreground begins, in the channel's units; `fit` is the calibrated value, 0.5 without one."""
    seeds: Terms = ("center",)
    """Terms whose minimum, above its threshold, makes seeds in the mask: `[foreground, not contour]`."""
    seed_threshold: Threshold = "fit"
    """Where seeds begin, in the channel's units; `fit` is the calibrated value, 0.5 without one."""
    topography: Terms = ("distance",)
    """Terms whose minimum is flooded from high to low values."""
    connectivity: int = Field(default=1, ge=1, le=3)
    """Voxels are neighbours if they share a face (1), also an edge (2), also a corner (3, in 3D)."""


@dataclass(frozen=True)
class Rules:
    """The options of a watershed, resolved for one prediction."""

    foreground: Expression
    foreground_threshold: float
    seeds: Expression
    seed_threshold: float
    topography: Expression
    connectivity: int
    radius: tuple[int, ...]
    rank: Ranking

    def mask(self, prediction: NDArray[Any]) -> NDArray[np.bool_]:
        """Return the foreground, ``(*spatial)``, of a prediction ``(channel, *spatial)``."""
        return self.foreground(prediction) > self.foreground_threshold

    def seed_mask(self, prediction: NDArray[Any]) -> NDArray[np.bool_]:
        """Return the voxels of seeds, ``(*spatial)``, of a prediction ``(channel, *spatial)``."""
        return (self.seeds(prediction) > self.seed_threshold) & self.mask(prediction)


@dataclass(frozen=True)
class Seeds:
    """The connected components of the seed mask, numbered through the image by their first voxels."""

    name: str
    rules: Rules

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return the local ``labels`` of the core, their ``first`` voxels, and the labels of its faces."""
        mask = self.rules.seed_mask(source.prediction.read(block.core))
        labels, count = label_components(mask, self.rules.connectivity)
        surface = {name: labels[face.within(block.core).slices] for name, face in faces(block.core).items()}
        return {LABELS: labels, "first": first_voxels(labels, count, block.core, source.image), **surface}

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return the image-wide ``ids`` of all local labels and the ``offsets`` of the blocks in them."""
        return unite_components(partials, source.layout, self.rules.connectivity)


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
        prediction = source.prediction.read(seen)
        mask = rules.mask(prediction[(slice(None), *window.within(seen).slices)])
        rank = rules.rank(rules.topography(prediction), seen, window, image, mask, rules.radius)
        seeds = self._seeds(window, source)
        return flood(rank, mask, seeds, find_open_faces(window, image), rules.connectivity)

    def _seeds(self, window: Box, source: Source) -> NDArray[np.uint32]:
        table = source.workspace.table(self.seeds)
        offsets = table.read("offsets")

        def ids(position: int) -> NDArray[np.uint32]:
            part = table.read("ids", (slice(int(offsets[position]), int(offsets[position + 1])),))
            return np.concatenate([np.zeros(1, np.uint32), part])

        return source.gather(window, self.seeds, ids)


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
        seed_threshold=setting.threshold(options.seed_threshold, "seed"),
        topography=find_terms(options.topography, setting.channels),
        connectivity=options.connectivity,
        radius=smoothing_radius(setting.spacing),
        rank=setting.rank,
    )
    seeds = Seeds("0-seeds", rules)
    return [seeds, Flood(name="1-flood", rules=rules, seeds=seeds.name)]
