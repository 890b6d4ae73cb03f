"""Objects from flows: every voxel of the foreground is led to a sink, and each sink makes an object."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.errors import BioLoomError
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.channels import Expression, Terms, Threshold, find_terms, find_vector
from bioloom.postprocess.labels import LabelPass
from bioloom.postprocess.ordering import raster_index
from bioloom.postprocess.passes import LABELS, Pass, Source
from bioloom.postprocess.program import Setting, needs_all_axes
from bioloom.postprocess.tracking import cluster, follow
from bioloom.postprocess.workspace import Arrays
from bioloom.settings.base import Section


class FlowsOptions(Section):
    """Leads every voxel of the foreground along the flow; those that end together are an object."""

    name: Literal["flows"] = "flows"
    foreground: Terms = ("foreground",)
    """Terms whose minimum, above its threshold, is the foreground."""
    foreground_threshold: Threshold = "fit"
    """Where the foreground begins, in the channel's units; `fit` is the calibrated value, 0.5 without one."""
    flow: str = "flow"
    """The target whose channels `-z`, `-y` and `-x` are the components of the flow."""
    steps: int = Field(default=400, ge=1, le=4000)
    """The largest number of steps, each at most half a voxel of the finest axis long: more than twice the
    largest distance in an object from any voxel to its middle."""
    least: int = Field(default=5, ge=1)
    """How many voxels must end within one voxel of each other to make an object."""


@dataclass(frozen=True)
class Track:
    """Where the voxels of the foreground end.

    Parameters
    ----------
    name : str
        The name of the pass.
    foreground : Expression
        What is followed, above `threshold`.
    threshold : float
        In the channel's units.
    flow : tuple of int
        The channels of the components.
    spacing : tuple of float
        Voxel size in micrometres.
    steps, least : int
        See `FlowsOptions`.
    """

    name: str
    foreground: Expression
    threshold: float
    flow: tuple[int, ...]
    spacing: tuple[float, ...]
    steps: int
    least: int

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return the local ``labels`` of the core, and per label its end and how many voxels end there."""
        core, image, halo, redone = block.core, source.image, block.halo, 0
        inside = self.foreground(source.prediction.read(core)) > self.threshold
        starts = raster_index(core, image, inside).astype(np.int64)
        ends, open_ = np.zeros(len(starts), np.int64), np.arange(len(starts))
        while True:
            window = core.grow(halo).clip(image)
            prediction = source.prediction.read(window)
            outside = self.foreground(prediction) <= self.threshold
            flow = np.stack([prediction[axis] for axis in self.flow]).astype(np.float32, copy=False)
            del prediction  # the arrays of a window are large: none is kept longer than it is needed
            flow[:, outside] = 0
            ends[open_], settled = follow(flow, starts[open_], window, image, self.spacing, self.steps)
            open_ = open_[~settled]
            if not open_.size:
                break
            halo, redone = tuple(2 * width + 8 for width in halo), redone + 1
        distinct, local, counts = np.unique(ends, return_inverse=True, return_counts=True)
        labels = np.zeros(core.shape, np.uint32)
        labels[inside] = local + 1
        return {LABELS: labels, "ends": distinct, "counts": counts, "redone": np.array(redone)}

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return the image-wide ``ids`` of all local labels and the ``offsets`` of the blocks in them."""
        ends, counts, offsets = array("q"), array("q"), array("q", [0])
        for partial in partials:
            ends.frombytes(partial.read("ends").astype("q").tobytes())
            counts.frombytes(partial.read("counts").astype("q").tobytes())
            offsets.append(len(ends))
        distinct, where = np.unique(np.array(ends, np.int64), return_inverse=True)
        total = np.zeros(distinct.size, np.int64)
        np.add.at(total, where, np.array(counts, np.int64))
        sinks = cluster(distinct, total, source.image, self.least)
        return {"ids": sinks[where], "offsets": np.array(offsets, np.int64)}


@dataclass(frozen=True, kw_only=True)
class Gather(LabelPass):
    """The voxels of a core by the sinks in which their ways end, according to pass `track`."""

    track: str

    def label(self, block: Block, source: Source) -> tuple[NDArray[np.uint32], int]:
        """Return the labels of the core by sinks, and how often its ways left the window."""
        table = source.workspace.table(self.track)
        offsets = table.read("offsets")

        def ids(position: int) -> NDArray[np.uint32]:
            entries = slice(int(offsets[position]), int(offsets[position + 1]))
            return np.concatenate([np.zeros(1, np.uint32), table.read("ids", (entries,))])

        labels = source.gather(block.core, self.track, {LABELS: ids})
        return labels, int(source.workspace.partial(self.track, block.id).read("redone"))


def flows(options: FlowsOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the two passes that make objects of flows, which must come first.

    Raises
    ------
    BioLoomError
        If other operations come first, or a channel is missing.
    """
    needs_all_axes(setting, "flows")
    if passes:
        raise BioLoomError("postprocess: flows comes after another operation", fix="put it first")
    track = Track(
        "0-track",
        foreground=find_terms(options.foreground, setting.channels),
        threshold=setting.threshold(options.foreground_threshold, "foreground"),
        flow=find_vector(options.flow, setting.channels, len(setting.spacing)),
        spacing=setting.spacing,
        steps=options.steps,
        least=options.least,
    )
    return [track, Gather(name="1-flows", track=track.name)]
