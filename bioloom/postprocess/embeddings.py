"""Objects from embeddings: voxels that send themselves to the same place are one object.

Candidates are peaks of the seediness; each has a place, where its voxel sends itself, and a radius, within
which others belong to it. The best candidate takes the others within its radius, then the next one that is
left, and so on: once for the whole image. A voxel belongs to the best remaining candidate that it is sent
to, wherever that lies, so every block knows its labels without a halo. After Neven et al. (CVPR 2019) and
Lalit et al. (EmbedSeg, 2022), where every voxel is a candidate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.channels import Expression, Terms, find_terms
from bioloom.postprocess.labels import LabelPass
from bioloom.postprocess.maxima import find_maxima
from bioloom.postprocess.overlaps import in_order
from bioloom.postprocess.passes import Pass, Source
from bioloom.postprocess.program import Setting, needs_all_axes
from bioloom.postprocess.workspace import Arrays
from bioloom.settings.base import Auto, Section

Threshold = float | Literal["fit"]
HALF = 0.5 * sqrt(2 * log(2))
"""The distance at which membership is one half, for a width output of 0, in the unit of lengths."""
NEAR = np.float32(0.01)
"""How much a candidate loses of its seediness for each unit of length that it is sent away."""
WIDEST = 3.0
"""Larger width outputs, either sign, count as this."""


class EmbeddingsOptions(Section):
    """Makes objects of the voxels that embeddings send to the same place."""

    name: Literal["embeddings"] = "embeddings"
    target: str = "embeddings"
    """The target whose channels are the offsets, `<target>-x` and so on, and the width, `<target>-width`."""
    seeds: Terms = ("embeddings-seed",)
    """Terms whose minimum is the seediness; its peaks are candidates."""
    seed_threshold: Threshold = "fit"
    """The lowest seediness of a candidate; `fit` is the calibrated value, 0.5 without one."""
    foreground: Terms = ("embeddings-seed",)
    """Terms whose minimum, above its threshold, is the foreground."""
    foreground_threshold: Threshold = "fit"
    """Where the foreground begins, in the channel's units; `fit` is the calibrated value, 0.5 without one."""
    radius_um: Annotated[float, Field(gt=0)] | Auto = "auto"
    """The unit of the predicted lengths in micrometres; `auto` is the fingerprint's median radius."""


@dataclass(frozen=True)
class Rules:
    """The options, resolved for one prediction."""

    offsets: tuple[int, ...]
    width: int
    seeds: Expression
    seed_threshold: float
    foreground: Expression
    foreground_threshold: float
    spacing: tuple[float, ...]
    radius_um: float

    def scores(self, prediction: NDArray[Any]) -> NDArray[np.float32]:
        """Return how good a candidate each voxel is, ``(*spatial)``; minus infinity below the threshold.

        Seediness is nearly 1 all over good objects. Of equal voxels the one nearest to where it is sent is
        better, so that each of two objects that touch has a peak of its own.
        """
        seeds = self.seeds(prediction)
        squared = np.zeros(seeds.shape, np.float32)
        for channel in self.offsets:
            squared += np.square(np.clip(np.nan_to_num(np.asarray(prediction[channel], np.float32)), -99, 99))
        scores = seeds - NEAR * np.sqrt(squared)
        return np.where(seeds > self.seed_threshold, scores, np.float32(-np.inf))

    def places(self, prediction: NDArray[Any], box: Box, voxels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return where voxels of the image, ``(n, ndim)``, send themselves, in micrometres."""
        index = tuple((voxels - np.array(box.start)).T)
        moved = [
            voxels[:, axis] * step + np.asarray(prediction[channel], np.float64)[index] * self.radius_um
            for axis, (channel, step) in enumerate(zip(self.offsets, self.spacing, strict=True))
        ]
        return np.nan_to_num(np.stack(moved, axis=1), nan=-1e9, posinf=1e9, neginf=-1e9)


@dataclass(frozen=True)
class Candidates:
    """Finds candidates, and which of them stay."""

    name: str
    rules: Rules

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return of the candidates of the core: voxel, ``score``, ``places`` and ``radius`` (micrometres)."""
        rules, core = self.rules, block.core
        seen = core.grow(1).clip(source.image)
        prediction = source.prediction.read(seen)
        values = rules.scores(prediction)
        voxels = find_maxima(values, seen, core, -np.inf)
        index = tuple((voxels - np.array(seen.start)).T)
        width = np.nan_to_num(np.asarray(prediction[rules.width], np.float64)[index], nan=0.0)
        radius = HALF * rules.radius_um * np.exp(np.clip(width, -WIDEST, WIDEST))
        places = rules.places(prediction, seen, voxels)
        return {"voxels": voxels, "score": values[index], "places": places, "radius": radius}

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return ``places`` and ``radius`` of those that stay, best first."""
        names = ("voxels", "score", "places", "radius")
        parts = [{name: partial.read(name) for name in names} for partial in partials]
        voxels, score, places, radius = (np.concatenate([part[name] for part in parts]) for name in names)
        order = in_order(score, voxels)
        places, radius = places[order], radius[order]
        kept = take_the_rest(places, radius)
        return {"places": places[kept], "radius": radius[kept]}


def take_the_rest(places: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return which candidates stay: in their order, each takes those that lie within its radius."""
    from scipy.spatial import cKDTree

    left, kept = np.ones(len(places), bool), []
    tree = cKDTree(places)
    for best in range(len(places)):
        if left[best]:
            kept.append(best)
            left[within(tree, places, places[best], radius[best])] = False
    return np.array(kept, np.int64)


def within(
    tree: Any, places: NDArray[np.float64], center: NDArray[np.float64], radius: float
) -> NDArray[np.int64]:
    """Return which places of a tree lie nearer than `radius`, decided in the same way in every tree."""
    near = np.array(tree.query_ball_point(center, radius * (1 + 1e-9)), np.int64)
    squared = np.zeros(near.size)
    for axis in range(places.shape[1]):
        squared += (places[near, axis] - center[axis]) ** 2
    return near[squared < radius**2]


@dataclass(frozen=True, kw_only=True)
class Gather(LabelPass):
    """Gives the voxels of a core to the candidates that they are sent to."""

    rules: Rules
    candidates: str

    def label(self, block: Block, source: Source) -> tuple[NDArray[np.uint32], int]:
        """Return the labels of the core; one look is always enough."""
        from scipy.spatial import cKDTree

        rules, core = self.rules, block.core
        prediction = source.prediction.read(core)
        labels = np.zeros(core.shape, np.uint32)
        mask = rules.foreground(prediction) > rules.foreground_threshold
        places = rules.places(prediction, core, np.argwhere(mask) + np.array(core.start))
        table = source.workspace.table(self.candidates)
        centers, radius = table.read("places"), table.read("radius")
        if not len(places) or not len(centers):
            return labels, 0
        reach = radius[:, None] * (1 + 1e-9)
        low, high = places.min(axis=0), places.max(axis=0)
        meets = ((centers + reach >= low) & (centers - reach <= high)).all(axis=1)
        tree, found = cKDTree(places), np.zeros(len(places), np.uint32)
        for number in np.flatnonzero(meets)[::-1].tolist():  # the best last, over the others
            found[within(tree, places, centers[number], float(radius[number]))] = number + 1
        labels[mask] = found
        return labels, 0


def embeddings(options: EmbeddingsOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the two passes, which must come first.

    Raises
    ------
    BioLoomError
        If other operations come first, or a channel is missing.
    """
    needs_all_axes(setting, "embeddings")
    if passes:
        raise BioLoomError("postprocess: embeddings comes after another operation", fix="put it first")
    names = [f"{options.target}-{letter}" for letter in "zyx"[-len(setting.spacing) :]]
    found = find_terms([*names, f"{options.target}-width"], setting.channels).terms
    *offsets, width = (index for index, _ in found)
    rules = Rules(
        offsets=tuple(offsets),
        width=width,
        seeds=find_terms(options.seeds, setting.channels),
        seed_threshold=setting.threshold(options.seed_threshold, "seed"),
        foreground=find_terms(options.foreground, setting.channels),
        foreground_threshold=setting.threshold(options.foreground_threshold, "foreground"),
        spacing=setting.spacing,
        radius_um=setting.length(options.radius_um, "radius_um"),
    )
    candidates = Candidates("0-candidates", rules)
    return [candidates, Gather(name="1-gather", rules=rules, candidates=candidates.name)]
