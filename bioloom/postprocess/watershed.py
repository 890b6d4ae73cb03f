"""Objects from a foreground map and a seed map: seeds per block, united; then a flood per block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.channels import Expression, Terms, find_terms
from bioloom.postprocess.components import Union, describe, label_components
from bioloom.postprocess.flooding import find_open_faces, flood, settle
from bioloom.postprocess.labels import LabelPass
from bioloom.postprocess.ordering import Ranking, smoothing_radius
from bioloom.postprocess.passes import LABELS, Pass, Source
from bioloom.postprocess.program import Setting
from bioloom.postprocess.workspace import Arrays, Slices
from bioloom.settings.base import Section

Threshold = float | Literal["fit"]
PARTS = "parts"


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
    seed_smoothing: float = Field(default=1.0, ge=0, le=16)
    """Standard deviation of the Gaussian that smooths the seed map before its threshold, in voxels of the
    finest axis; without it, noise makes several seeds of one. 0: no smoothing."""
    unseeded: Literal["keep", "drop"] = "keep"
    """What becomes of a part of the foreground that holds no seed: one object (`keep`), or none (`drop`)."""
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
    sigma: tuple[float, ...]
    keep_unseeded: bool

    def mask(self, prediction: NDArray[Any]) -> NDArray[np.bool_]:
        """Return the foreground, ``(*spatial)``, of a prediction ``(channel, *spatial)``."""
        return self.foreground(prediction) > self.foreground_threshold

    def seed_mask(self, prediction: NDArray[Any], inner: Slices) -> NDArray[np.bool_]:
        """Return the voxels of seeds in the part `inner` of a prediction ``(channel, *spatial)``.

        The rest is the context that smoothing needs, :attr:`reach` wide where the image goes on.
        """
        from scipy.ndimage import gaussian_filter  # the options above are read without scipy

        values = self.seeds(prediction)
        if any(self.sigma):
            # every output is summed up in the same order wherever the window lies, so windows agree exactly
            values = gaussian_filter(values, self.sigma, mode="reflect", radius=self.reach)
        return (values[inner] > self.seed_threshold) & self.mask(prediction[(slice(None), *inner)])

    @property
    def reach(self) -> tuple[int, ...]:
        """How far smoothing looks, in voxels per axis: three standard deviations."""
        return tuple(ceil(3 * sigma) for sigma in self.sigma)


@dataclass(frozen=True)
class Seeds:
    """The connected components of the seed mask, and the parts of the foreground without any.

    Both are numbered through the image by their first voxels, the parts after the components.
    """

    name: str
    rules: Rules

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return the local ``labels`` of seeds in the core, what unites them, and the same for ``parts``."""
        core, connectivity = block.core, self.rules.connectivity
        seen = core.grow(self.rules.reach).clip(source.image)
        prediction, inner = source.prediction.read(seen), core.within(seen).slices
        seeds = self.rules.seed_mask(prediction, inner)
        labels, count = label_components(seeds, connectivity)
        partial = {LABELS: labels, **describe(labels, count, core, source.image)}
        if self.rules.keep_unseeded:
            parts, number = label_components(self.rules.mask(prediction[(slice(None), *inner)]), connectivity)
            seeded = np.zeros(number + 1, np.uint8)
            seeded[parts[seeds]] = 1
            partial |= {PARTS: parts, "part-seeded": seeded[1:]}
            partial |= describe(parts, number, core, source.image, "part-")
        return partial

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return the image-wide ``ids`` of all local labels and the ``offsets`` of the blocks in them.

        ``part-ids`` and ``part-offsets`` are those of the parts; a part with a seed somewhere has id 0.
        """
        layout, connectivity = source.layout, self.rules.connectivity

        def partial(position: int) -> Arrays:
            return source.workspace.partial(self.name, layout.blocks[position].id)

        seeds = Union(layout, connectivity, partial)
        parts = Union(layout, connectivity, partial, "part-")
        seeded = [np.zeros(0, np.uint8)]
        for own in partials:
            seeds.add()
            if self.rules.keep_unseeded:
                parts.add()
                seeded.append(own.read("part-seeded"))
        ids, offsets = seeds.ids()
        table: dict[str, NDArray[Any]] = {"ids": ids, "offsets": offsets}
        if self.rules.keep_unseeded:
            part_ids, table["part-offsets"] = parts.ids()
            table["part-ids"] = _without_seeds(part_ids, np.concatenate(seeded), int(ids.max(initial=0)))
        return table


def _without_seeds(ids: NDArray[np.uint32], seeded: NDArray[np.uint8], taken: int) -> NDArray[np.uint32]:
    """Return the ids of parts, after those `taken` by seeds; 0 where any block found a seed in the part."""
    has_seed = np.zeros(int(ids.max(initial=0)) + 1, bool)
    has_seed[ids[seeded > 0]] = True
    return np.where(has_seed[ids], 0, ids + np.uint32(taken)).astype(np.uint32)


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
        seed_threshold=setting.threshold(options.seed_threshold, "seed"),
        topography=find_terms(options.topography, setting.channels),
        connectivity=options.connectivity,
        radius=smoothing_radius(setting.spacing),
        rank=setting.rank,
        sigma=tuple(options.seed_smoothing * min(setting.spacing) / step for step in setting.spacing),
        keep_unseeded=options.unseeded == "keep",
    )
    seeds = Seeds("0-seeds", rules)
    return [seeds, Flood(name="1-flood", rules=rules, seeds=seeds.name)]
