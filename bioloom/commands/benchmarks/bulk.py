"""A made-up volume that grows: clusters of balls under noise; its raw files, chunk files and blocks.

It is made tile by tile and every stage works on it block by block, so only the disk limits its size. A
cluster is a tile full of balls, some of which touch; borders of chunks and blocks cut them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, reduce
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.geometry.grid import BlockRow, ChunkRow, PatchGrid, plan_blocks, plan_chunks, tiles
from bioloom.geometry.window import axis_window
from bioloom.infer.fixed_point import SCALE
from bioloom.train.spec import ModelSpec
from bioloom.volumes.bundle import write_bundle

IMAGE = "bulk"
CHANNELS = ("foreground", "distance")
SPEC = ModelSpec(
    task="instance_segmentation",
    model={},
    in_channels=1,
    channels=tuple({"name": name, "activation": "linear"} for name in CHANNELS),
    ndim=3,
    patch={"size": [96, 96, 96], "overlap": [24, 24, 24]},
    normalize={"name": "percentile", "floor": [0.0]},
    spacing=(1.0, 1.0, 1.0),
    precision="fp32",
    threads=1,
    steps=0,
    best_step=0,
    weights="none",
)
"""The model that stands behind the predictions."""
OPERATIONS: list[dict[str, Any]] = [
    {"name": "watershed", "seeds": "distance", "seed_threshold": 0.5, "foreground_threshold": 0.5},
    {"name": "fill_holes", "max_extent": 10},
    {"name": "remove_small", "min_voxels": 20},
]
BLOCK, HALO = 64, 32
"""Sides of a block, and what it sees around itself: as much as a ball."""

_CHUNK = 3  # patches per axis
_CELL = 32  # between the centres of balls, whose radii are 12 to 23: many touch, cut at their cells
_TILE = 128


@dataclass(frozen=True)
class Bulk:
    """The volume of one size in its folder.

    Parameters
    ----------
    folder : Path
        Where everything lies that is made of it.
    shape : tuple of int
        Spatial shape, multiples of 32.
    every : int
        Along each axis, every how many tiles a cluster lies; with 1 the volume is full of balls.
    """

    folder: Path
    shape: tuple[int, ...]
    every: int = 1

    def raw(self, kind: str) -> Path:
        """Return the file of the ``images`` or ``labels`` as it is given by a user."""
        return self.folder / "raw" / f"{kind}.tif"

    def store(self, kind: str) -> Path:
        """Return the store of a kind: ``images``, ``labels``, ``predictions``, ``outputs``."""
        return self.folder / kind / f"{IMAGE}.zarr"

    @property
    def voxels(self) -> int:
        """The number of voxels."""
        return Box.of(self.shape).size

    @property
    def objects(self) -> int:
        """The number of balls, whole or cut by the border of a cluster."""
        lines = (np.flatnonzero(self._filled(0, n)) for n in self.shape)
        return int(np.prod([np.unique((line + _CELL // 2) // _CELL).size for line in lines]))

    @cached_property
    def grid(self) -> PatchGrid:
        """The patches."""
        return PatchGrid(self.shape, tuple(SPEC.patch["size"]), tuple(SPEC.patch["overlap"]))

    @cached_property
    def chunks(self) -> list[ChunkRow]:
        """The chunks."""
        return plan_chunks({IMAGE: self.grid}, (_CHUNK,) * 3)

    @cached_property
    def blocks(self) -> list[BlockRow]:
        """The blocks."""
        return plan_blocks({IMAGE: self.shape}, (BLOCK,) * 3)

    def write_raw(self) -> None:
        """Write image and true labels as uncompressed TIFF files."""
        self.raw("images").parent.mkdir(parents=True, exist_ok=True)
        for kind, dtype in (("images", np.uint16), ("labels", np.uint32)):
            file = tifffile.memmap(
                self.raw(kind), shape=self.shape, dtype=dtype, metadata={"axes": "ZYX"}, bigtiff=True
            )
            noise = np.random.default_rng(1).normal(200, 20, (_TILE,) * 3)
            for box in tiles(self.shape, (_TILE,) * 3):
                heights = self._heights(box)
                if kind == "images":
                    part = noise[tuple(slice(n) for n in box.shape)]
                    file[box.slices] = (3000 * heights + part).clip(0)
                else:
                    file[box.slices] = np.where(heights > 0, self._numbers(box), 0)
            file.flush()
            del file

    def write_chunks(self) -> None:
        """Write the chunk files: what prediction adds up when every patch shows the true heights."""
        for row in self.chunks:
            heights = np.concatenate([self._heights(row.box)[None]] * 2)
            heights[0] = (4 * heights[0]).clip(0, 1)
            sums = np.rint(heights * SCALE).astype(np.int32) * self._weights(row)
            write_bundle(self.folder / "chunks" / f"{row.chunk}.zarr.zip", {IMAGE: sums}, {"weights": "none"})

    def _filled(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Return which positions along an axis lie in a cluster."""
        return np.arange(start, stop) // _TILE % self.every == 0

    def _heights(self, box: Box) -> NDArray[np.float32]:
        """Return 1 at the centre of a ball, falling to 0 at its border, for the voxels of a box."""
        spans = list(zip(box.start, box.stop, strict=True))
        heights = _pattern()[np.ix_(*(np.arange(*span) % _TILE for span in spans))]
        return heights * reduce(np.multiply.outer, [self._filled(*span) for span in spans])

    def _weights(self, row: ChunkRow) -> NDArray[np.int32]:
        """Return the total weight of the patches of one chunk in its box."""
        lines = []
        for axis, (first, last) in enumerate(zip(row.patches.start, row.patches.stop, strict=True)):
            size, starts = self.grid.size[axis], self.grid.starts[axis]
            line = np.zeros(max(self.shape[axis], size), np.int32)
            for i in range(first, last):
                ends = {"first": i == 0, "last": i == len(starts) - 1}
                line[starts[i] : starts[i] + size] += axis_window(size, self.grid.overlap[axis], **ends)
            lines.append(line[row.box.start[axis] : row.box.stop[axis]])
        return reduce(np.multiply.outer, lines)

    def _numbers(self, box: Box) -> NDArray[np.uint32]:
        """Return for every voxel the number of the ball that is nearest on the lattice."""
        number = np.zeros((1,) * len(self.shape), np.uint32)
        for side, grid in zip(self.shape, np.ogrid[box.slices], strict=True):
            number = number * np.uint32(side // _CELL + 1) + ((grid + _CELL // 2) // _CELL).astype(np.uint32)
        return number + np.uint32(1)


@cache
def _pattern() -> NDArray[np.float32]:
    generator = np.random.default_rng(0)
    grid = np.mgrid[:_CELL, :_CELL, :_CELL]
    heights = np.zeros((_TILE,) * 3, np.float32)
    for box in tiles(heights.shape, (_CELL,) * 3):
        center = (_CELL - 1) / 2 + generator.integers(-3, 4, (3, 1, 1, 1))
        distance = np.sqrt(((grid - center) ** 2).sum(0))
        heights[box.slices] = np.maximum(0, 1 - distance / generator.integers(12, 24))
    return np.roll(heights, (_CELL // 2,) * 3, (0, 1, 2))
