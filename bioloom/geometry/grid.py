"""The grids of an image: patches, chunks of patches, and blocks.

Patches overlap, cover the image and never depend on chunks or blocks; the last one is shifted inward::

    image   0                                       20          size 8, overlap 3: stride 5
            |---------patch 0-|
                      |---------patch 1-|
                                |---------patch 2-|
                                  |---------patch 3-|           (starts 0, 5, 10, 12)
    chunks  |    chunk 0 = patches 0, 1     |   chunk 1 = patches 2, 3
    blocks  |       block 0      |       block 1      |         (disjoint)

An image shorter than a patch has one patch, which sticks out; what lies beyond is the mirrored image.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.geometry.lift import lifted, lifted_block, lifted_chunk


@dataclass(frozen=True)
class PatchGrid:
    """The patches of one image.

    Parameters
    ----------
    shape : tuple of int
        Spatial shape of the image in voxels.
    size : tuple of int
        Sides of a patch in voxels.
    overlap : tuple of int
        Voxels shared by neighbouring patches, less than half of `size`, per axis.
    margin : tuple of int, optional
        How far the first and the last patch of an axis reach beyond the image; a single patch that is longer
        than the axis lies around its middle. Without a margin the first patch begins with the axis.
    """

    shape: tuple[int, ...]
    size: tuple[int, ...]
    overlap: tuple[int, ...]
    margin: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Raise BioLoomError where the options of the patches do not suit each other or the image."""
        if not len(self.shape) == len(self.size) == len(self.overlap):
            raise BioLoomError(
                f"patches of {_sides(self.size)} voxels, overlap {_sides(self.overlap)}, for an image of "
                f"{_sides(self.shape)}",
                allowed="one number per spatial axis of the image",
                fix="correct infer.patch_size and patch.overlap, or data.axes",
            )
        if any(shared >= side for side, shared in zip(self.size, self.overlap, strict=True)):
            raise BioLoomError(
                f"patch.overlap is {_sides(self.overlap)}, the patches are {_sides(self.size)}",
                allowed="an overlap that is smaller than the patch",
            )

    @classmethod
    def of(cls, shape: Sequence[int], size: Sequence[int], overlap: Sequence[int]) -> PatchGrid:
        """Return the patches in which an image is predicted.

        They reach beyond the image by half an overlap, so that the border of the image is seen like all else.
        Patches of a plane are laid over every plane of a volume.
        """
        ndim = len(shape)
        shared = lifted(overlap, ndim, 0)
        return cls(tuple(shape), lifted(size, ndim, 1), shared, tuple(n // 2 for n in shared))

    @cached_property
    def starts(self) -> tuple[tuple[int, ...], ...]:
        """For every axis the first voxel of each patch, ascending."""
        margin = self.margin or (0,) * len(self.shape)
        return tuple(map(axis_starts, self.shape, self.size, self.overlap, margin))

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of patches along every axis."""
        return tuple(len(starts) for starts in self.starts)

    def patch(self, index: tuple[int, ...]) -> Box:
        """Return the voxels of one patch, which may stick out of the image."""
        start = tuple(starts[i] for starts, i in zip(self.starts, index, strict=True))
        return Box(start, tuple(a + n for a, n in zip(start, self.size, strict=True)))

    def extent(self, indices: Box) -> Box:
        """Return the voxels inside the image that the patches of an index box cover."""
        last = tuple(stop - 1 for stop in indices.stop)
        return Box(self.patch(indices.start).start, self.patch(last).stop).clip(Box.of(self.shape))

    def chunks(self, chunk: tuple[int, ...]) -> list[Box]:
        """Return the index boxes of at most `chunk` patches per axis, in raster order."""
        return list(tiles(self.counts, chunk))


def _sides(sides: tuple[int, ...]) -> str:
    return " x ".join(map(str, sides))


def axis_starts(length: int, size: int, overlap: int, margin: int = 0) -> tuple[int, ...]:
    """Return the first voxels of the patches along one axis of `length` voxels."""
    if length <= size:
        return (-((size - length) // 2) if margin else 0,)
    last = length + margin - size
    return (*range(-margin, last, size - overlap), last)


def tiles(shape: tuple[int, ...], tile: tuple[int, ...]) -> Iterator[Box]:
    """Yield disjoint boxes of at most `tile` that cover an array of `shape`, in raster order."""
    for start in product(*(range(0, n, step) for n, step in zip(shape, tile, strict=True))):
        yield Box(start, tuple(min(a + t, n) for a, t, n in zip(start, tile, shape, strict=True)))


def indices(box: Box) -> Iterator[tuple[int, ...]]:
    """Yield the integer points of a box in raster order."""
    return product(*(range(a, b) for a, b in zip(box.start, box.stop, strict=True)))


@dataclass(frozen=True)
class ChunkRow:
    """The patches of one image that one chunk predicts: a row of ``chunks/{pack}.csv``."""

    chunk: str
    image: str
    patches: Box
    box: Box


@dataclass(frozen=True)
class BlockRow:
    """A block of one image: a row of ``blocks/{pack}.csv``."""

    block: str
    image: str
    core: Box


def plan_chunks(grids: dict[str, PatchGrid], chunk: tuple[int, ...]) -> list[ChunkRow]:
    """Group the patches of a pack: boxes of an image, and small images together.

    An image of more patches than `chunk` is cut into boxes, each a chunk of its own; consecutive smaller
    images share a chunk while they hold at most ``prod(chunk)`` patches together. A `chunk` of planes takes
    as many planes of a volume as it has room for.
    """
    rows: list[ChunkRow] = []
    number, used = -1, 0
    for image, grid in grids.items():
        boxes = grid.chunks(lifted_chunk(chunk, grid.counts))
        for patches in boxes:
            if number < 0 or len(boxes) > 1 or used + patches.size > prod(chunk):
                number, used = number + 1, 0
            rows.append(ChunkRow(f"{number:05d}", image, patches, grid.extent(patches)))
            used += patches.size if len(boxes) == 1 else prod(chunk)
    return rows


def plan_blocks(shapes: dict[str, tuple[int, ...]], block: tuple[int, ...]) -> list[BlockRow]:
    """Cut every image of a pack into disjoint blocks, numbered through the pack."""
    cores = [
        (image, core)
        for image, shape in shapes.items()
        for core in tiles(shape, lifted_block(block, len(shape)))
    ]
    return [BlockRow(f"{number:05d}", image, core) for number, (image, core) in enumerate(cores)]


class ChunkIndex:
    """Finds the chunks that touch a box without looking at all of them.

    Parameters
    ----------
    rows : iterable of ChunkRow
        The chunks of one image.
    """

    def __init__(self, rows: Iterable[ChunkRow]) -> None:
        # Boxes of chunks form a grid: there are few different spans along an axis.
        self._rows = {tuple(zip(row.box.start, row.box.stop, strict=True)): row.chunk for row in rows}
        self._spans = [sorted(set(spans)) for spans in zip(*self._rows, strict=True)]

    def touching(self, box: Box) -> list[str]:
        """Return the names of the chunks that share a voxel with `box`, in raster order of their corners."""
        near = [
            [span for span in spans if span[0] < stop and span[1] > start]
            for spans, start, stop in zip(self._spans, box.start, box.stop, strict=True)
        ]
        return [self._rows[key] for key in product(*near) if key in self._rows]


def run_apart(rows: Collection[BlockRow]) -> bool:
    """Return whether the blocks of a pack have jobs of their own: some image of it has several."""
    return len(rows) > len({row.image for row in rows})
