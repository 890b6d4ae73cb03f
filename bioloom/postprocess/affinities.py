"""Objects from affinities: fragments by a watershed, one graph of the whole image, regions of the graph.

::

    seeds, flood          fragments, on maps of the affinities to neighbours (two passes, as any watershed)
    edges  (per block)    what affinities say between the fragments, added up in whole numbers
           (once)         fragments that belong together: agglomeration or mutex watershed
    merge  (per block)    fragments by the ids of their regions
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.errors import BioLoomError
from bioloom.postprocess.affinity_maps import CHANNELS, OnAffinityMaps
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.channels import Terms, find_terms
from bioloom.postprocess.labels import LabelPass, gather_labels
from bioloom.postprocess.ordering import smoothing_radius
from bioloom.postprocess.passes import Pass, Source
from bioloom.postprocess.program import Setting, needs_all_axes
from bioloom.postprocess.region_graph import (
    BINS,
    STEPS,
    add_up,
    agglomerate,
    collected,
    lookup_of,
    mutex_watershed,
    quantised,
)
from bioloom.postprocess.seeds import Rules, Seeds
from bioloom.postprocess.watershed import Flood
from bioloom.postprocess.workspace import Arrays
from bioloom.settings.base import Section
from bioloom.targets.affinities import read_offset

Threshold = float | Literal["fit"]
Method = Literal["mean", "median", "mutex"]


class AffinitiesOptions(Section):
    """Makes objects of affinities: fragments, united by what the affinities between them say."""

    name: Literal["affinities"] = "affinities"
    target: str = "affinities"
    """The target whose channels hold the affinities."""
    foreground: Terms = ("foreground",)
    """Terms whose minimum, above its threshold, is the foreground."""
    foreground_threshold: Threshold = "fit"
    """Where the foreground begins, in the channel's units; `fit` is the calibrated value, 0.5 without one."""
    seed_threshold: float = Field(default=0.7, ge=0, le=1)
    """A voxel can be a seed of a fragment if its affinity to every neighbour is higher, 0 to 1."""
    method: Method = "mean"
    """How fragments are united: those with the highest `mean` or `median` affinity first; or `mutex`, where
    long offsets also keep fragments apart."""
    merge_threshold: float = Field(default=0.5, ge=0, le=1)
    """Fragments with a lower affinity are not united, 0 to 1."""


@dataclass(frozen=True)
class Edges:
    """What affinities say between the fragments of pass `of`, and the regions that follow."""

    name: str
    of: str
    offsets: Mapping[int, tuple[int, ...]]
    method: Method
    threshold: float

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return ``pairs`` of fragments and ``counts`` of the affinities that are kept in the core."""
        reach = tuple(max(map(abs, steps)) for steps in zip(*self.offsets.values(), strict=True))
        seen = block.core.grow(reach).clip(source.image)
        fragments = gather_labels(source, self.of, seen)
        prediction = source.prediction.read(block.core)
        core = block.core.within(seen)
        found = []
        for channel, offset in self.offsets.items():
            partner = core.shift(offset)
            there = partner.clip(type(core).of(seen.shape))
            here = there.shift(tuple(-step for step in offset))
            one, two = fragments[here.slices], fragments[there.slices]
            between = (one != two) & (one > 0) & (two > 0)
            affinity = np.asarray(prediction[channel])[here.within(core).slices][between]
            counts = self._counts(quantised(affinity), near=sum(map(abs, offset)) == 1)
            found.append(add_up(np.stack([one[between], two[between]], axis=1), counts))
        both, counts = collected(found, self._columns)
        return {"pairs": both, "counts": counts}

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return ``regions``: the id of its region for every fragment, by the fragment's id."""
        edges = collected(
            ((partial.read("pairs"), partial.read("counts")) for partial in partials), self._columns
        )
        united = (
            mutex_watershed(edges, self.threshold)
            if self.method == "mutex"
            else agglomerate(edges, self.method, self.threshold)
        )
        largest = int(source.workspace.table(self.of).read("voxels").size)
        return {"regions": lookup_of(united, largest)}

    @property
    def _columns(self) -> int:
        return {"mean": 3, "median": 3 + BINS, "mutex": 4}[self.method]

    def _counts(self, values: NDArray[np.int64], near: bool) -> NDArray[np.int64]:
        """Return what is counted of each affinity, see `agglomerate` and `mutex_watershed`."""
        counts = np.zeros((values.size, self._columns), np.int64)
        if self.method == "mutex":
            counts[:, 0 if near else 2] = 1
            counts[:, 1 if near else 3] = values
            return counts
        counts[:, 0], counts[:, 1], counts[:, 2] = near, 1, values
        if self.method == "median":
            counts[np.arange(values.size), 3 + np.minimum(values * BINS // STEPS, BINS - 1)] = 1
        return counts


@dataclass(frozen=True, kw_only=True)
class Merge(LabelPass):
    """The fragments of pass `of` by the ids of the regions that pass `edges` found."""

    of: str
    edges: str

    def label(self, block: Block, source: Source) -> tuple[NDArray[np.uint32], int]:
        """Return the labels of the core; one look is always enough."""
        regions = source.workspace.table(self.edges).read("regions")
        return np.take(regions, gather_labels(source, self.of, block.core)), 0


def affinities(options: AffinitiesOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the four passes, which must come first.

    Raises
    ------
    BioLoomError
        If other operations come first, or a channel is missing.
    """
    needs_all_axes(setting, "affinities")
    if passes:
        raise BioLoomError("postprocess: affinities comes after another operation", fix="put it first")
    offsets = find_offsets(options.target, setting.channels, len(setting.spacing))
    steps = neighbours(offsets, len(setting.spacing))
    foreground = find_terms(options.foreground, setting.channels)
    rules = Rules(
        foreground=find_terms(["foreground"], CHANNELS),
        foreground_threshold=setting.threshold(options.foreground_threshold, "foreground"),
        seeds=find_terms(["lowest"], CHANNELS),
        levels=(options.seed_threshold,),
        seed_voxels=1,
        topography=find_terms(["mean"], CHANNELS),
        connectivity=1,
        radius=smoothing_radius(setting.spacing),
        rank=setting.rank,
        sigma=(0.0,) * len(setting.spacing),
        keep_unseeded=True,
    )
    seeds = Seeds("0-seeds", rules)
    fragments = Flood(name="1-flood", rules=rules, seeds=seeds.name)
    edges = Edges("2-edges", fragments.name, offsets, options.method, options.merge_threshold)
    return [
        OnAffinityMaps(seeds, foreground, steps),
        OnAffinityMaps(fragments, foreground, steps),
        edges,
        Merge(name="3-merge", of=fragments.name, edges=edges.name),
    ]


def neighbours(offsets: Mapping[int, tuple[int, ...]], ndim: int) -> dict[int, tuple[int, ...]]:
    """Return those offsets that lead to a neighbour.

    Raises
    ------
    BioLoomError
        If there is none along an axis.
    """
    steps = {channel: offset for channel, offset in offsets.items() if sum(map(abs, offset)) == 1}
    missing = [axis for axis in range(ndim) if not any(offset[axis] for offset in steps.values())]
    if missing:
        raise BioLoomError(
            f"postprocess: there are no affinities to neighbours along {'zyx'[-ndim:][missing[0]]}",
            fix="add the offset of one voxel along each axis to the target affinities",
        )
    return steps


def find_offsets(target: str, channels: Sequence[str], ndim: int) -> dict[int, tuple[int, ...]]:
    """Return the channels of a target that are affinities, by position, and their offsets.

    Raises
    ------
    BioLoomError
        If the prediction has none.
    """
    prefix = f"{target}-"
    found = {
        index: offset
        for index, name in enumerate(channels)
        if name.startswith(prefix) and (offset := read_offset(name.removeprefix(prefix), ndim))
    }
    if not found:
        raise BioLoomError(
            f"postprocess: the prediction has no channel '{prefix}...' with an offset",
            allowed=", ".join(channels),
            fix="add the target affinities to train.targets",
        )
    return found
