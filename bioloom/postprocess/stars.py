"""Objects from star-convex distances: candidates per block, one suppression, shapes painted per block.

A candidate is a peak of the object probability with the rays of its voxel. Which candidates stay is decided
once for the whole image; a block then paints those that reach it, the better ones over the others. Nothing
of this depends on where blocks begin. After Schmidt et al. (MICCAI 2018) and Weigert et al. (WACV 2020).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.errors import BioLoomError
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.channels import Expression, Terms, find_terms, numbered
from bioloom.postprocess.labels import LabelPass
from bioloom.postprocess.maxima import find_maxima
from bioloom.postprocess.overlaps import Overlaps, in_order, suppress
from bioloom.postprocess.passes import Pass, Source
from bioloom.postprocess.program import Setting, needs_all_axes
from bioloom.postprocess.star_shapes import find_cones, half_sides
from bioloom.postprocess.workspace import Arrays
from bioloom.settings.base import Auto, Section

Threshold = float | Literal["fit"]


class StarsOptions(Section):
    """Makes star-convex objects of distances along rays; where two overlap the more probable one stays."""

    name: Literal["stars"] = "stars"
    probability: Terms = ("stars-probability",)
    """Terms whose minimum is the object probability; its peaks are candidates."""
    rays: str = "stars-ray"
    """The channels of the rays, without their numbers."""
    seed_threshold: Threshold = "fit"
    """The lowest probability of a candidate; `fit` is the calibrated value, 0.5 without one."""
    max_overlap: float = Field(default=0.4, ge=0, le=1)
    """The largest share of the smaller of two objects, in voxels, that both may cover; 0 to 1."""
    max_radius: float = Field(default=8.0, ge=1, le=100)
    """Longer rays count as this long, in median radii of the training objects: a limit to memory."""
    radius_um: Annotated[float, Field(gt=0)] | Auto = "auto"
    """The unit of the predicted distances in micrometres; `auto` is the fingerprint's median radius."""


@dataclass(frozen=True)
class Rules:
    """The options, resolved for one prediction."""

    probability: Expression
    threshold: float
    rays: tuple[int, ...]
    spacing: tuple[float, ...]
    radius_um: float
    max_radius: float
    max_overlap: float

    @property
    def directions(self) -> NDArray[np.float64]:
        """The directions of the rays."""
        from bioloom.targets.rays import ray_directions

        return ray_directions(len(self.rays), len(self.spacing))


@dataclass(frozen=True)
class Candidates:
    """Finds candidates, and which of them stay."""

    name: str
    rules: Rules

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return ``centers``, ``score`` and ``radii`` (micrometres) of the candidates of the core."""
        rules, core = self.rules, block.core
        seen = core.grow(1).clip(source.image)
        prediction = source.prediction.read(seen)
        values = rules.probability(prediction)
        centers = find_maxima(values, seen, core, rules.threshold)
        index = tuple((centers - np.array(seen.start)).T)
        radii = np.stack([np.asarray(prediction[ray], np.float32)[index] for ray in rules.rays], axis=1)
        limit = np.float32(rules.max_radius)
        radii = np.clip(np.nan_to_num(radii, nan=0), 0, limit) * np.float32(rules.radius_um)
        return {"centers": centers, "score": values[index], "radii": radii}

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return of those that stay, best first: ``centers``, ``half`` sides, ``block`` and ``row`` in it."""
        rules, parts = (
            self.rules,
            [{name: partial.read(name) for name in ("centers", "score", "radii")} for partial in partials],
        )
        centers, score, radii = (
            np.concatenate([part[name] for part in parts]) for name in ("centers", "score", "radii")
        )
        counts = [len(part["score"]) for part in parts]
        block = np.repeat(np.arange(len(parts)), counts)
        row = np.concatenate([np.arange(count) for count in counts])
        order = in_order(score, centers)
        centers, radii, half = centers[order], radii[order], half_sides(radii[order], rules.spacing)
        if not len(order):
            return {"centers": centers, "half": half, "block": block, "row": row}
        cones = find_cones(rules.directions, rules.spacing, half.max(axis=0))
        kept = suppress(Overlaps(centers, radii, rules.spacing, cones), rules.spacing, rules.max_overlap)
        return {
            "centers": centers[kept],
            "half": half[kept],
            "block": block[order][kept],
            "row": row[order][kept],
        }


@dataclass(frozen=True, kw_only=True)
class Paint(LabelPass):
    """Paints the shapes that reach a core; where two overlap, the better one."""

    rules: Rules
    candidates: str

    def label(self, block: Block, source: Source) -> tuple[NDArray[np.uint32], int]:
        """Return the labels of the core; one look is always enough."""
        core, rules = block.core, self.rules
        labels = np.zeros(core.shape, np.uint32)
        table = source.workspace.table(self.candidates)
        centers, half = table.read("centers"), table.read("half")
        reaches = ((centers + half >= core.start) & (centers - half < core.stop)).all(axis=1)
        chosen = np.flatnonzero(reaches)
        if not chosen.size:
            return labels, 0
        radii = self._radii(table.read("block")[chosen], table.read("row")[chosen], source)
        shapes = Overlaps(
            centers[chosen],
            radii,
            rules.spacing,
            find_cones(rules.directions, rules.spacing, half[chosen].max(axis=0)),
        )
        for number, shape in enumerate(chosen.tolist()):
            common = shapes.box(number).clip(core)
            part = labels[common.within(core).slices]
            part[shapes.mask(number, common) & (part == 0)] = shape + 1
        return labels, 0

    def _radii(
        self, blocks: NDArray[np.int64], rows: NDArray[np.int64], source: Source
    ) -> NDArray[np.float32]:
        """Return the radii of candidates, which lie in the partials of the blocks that found them."""
        found = np.empty((len(blocks), len(self.rules.rays)), np.float32)
        for position in np.unique(blocks):
            own = blocks == position
            partial = source.workspace.partial(self.candidates, source.layout.blocks[int(position)].id)
            found[own] = partial.read("radii")[rows[own]]
        return found


def stars(options: StarsOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the two passes, which must come first.

    Raises
    ------
    BioLoomError
        If other operations come first, or a channel is missing.
    """
    needs_all_axes(setting, "stars")
    if passes:
        raise BioLoomError("postprocess: stars comes after another operation", fix="put it first")
    rules = Rules(
        probability=find_terms(options.probability, setting.channels),
        threshold=setting.threshold(options.seed_threshold, "seed"),
        rays=numbered(options.rays, setting.channels),
        spacing=setting.spacing,
        radius_um=setting.length(options.radius_um, "radius_um"),
        max_radius=options.max_radius,
        max_overlap=options.max_overlap,
    )
    candidates = Candidates("0-candidates", rules)
    return [candidates, Paint(name="1-paint", rules=rules, candidates=candidates.name)]
