"""What a plan amounts to: how many jobs it makes, how many bytes they write, how much memory they take.

Everything follows from the rows that `plan_chunks` and `plan_blocks` return, which are those of the tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from bioloom.geometry.box import Box
from bioloom.geometry.grid import BlockRow, ChunkRow, PatchGrid, run_apart

ITEM = 4
"""Bytes of a number: sums are int32, predictions float32, labels uint32."""
PYTHON, TORCH = 250_000_000, 750_000_000
"""Memory of a process before it works on voxels, without and with PyTorch, and what reading and writing take
whatever the size of a block; measured, rounded up."""
STITCH = (10, 8)
"""Bytes per voxel of a block that `stitch` takes for every target, and beside them: sums, weights, result and
what is being packed; measured in 2D and 3D."""
POSTPROCESS = (4, 90)
"""Bytes per voxel of a block with its halo that `postprocess` takes for every target, and beside them;
measured on images full of objects, in 3D, where it is most."""


@dataclass(frozen=True)
class Demand:
    """What the jobs of a run have to do with a patch or a block.

    Parameters
    ----------
    channels, targets : int
        Channels of the images and of the predictions.
    batch_size : int
        Patches predicted at once.
    halo : int
        Voxels that a block of post-processing sees around itself, to begin with.
    passes : int
        Passes of the post-processing.
    network : int, optional
        Bytes that the network takes for one batch, None if the network is not known.
    """

    channels: int
    targets: int
    batch_size: int
    halo: int
    passes: int
    network: int | None = None


@dataclass(frozen=True)
class ImageAccount:
    """What a plan amounts to for one image.

    Parameters
    ----------
    image : str
        Image id.
    shape, patches : tuple of int
        Its voxels and its patches, per axis.
    chunks, blocks : int
        How many of them hold a part of it.
    prediction, labels : int
        Bytes of the finished stores before compression, without the coarser levels.
    """

    image: str
    shape: tuple[int, ...]
    patches: tuple[int, ...]
    chunks: int
    blocks: int
    prediction: int
    labels: int


@dataclass(frozen=True)
class Account:
    """What a plan amounts to for a pack.

    Parameters
    ----------
    images : list of ImageAccount
        The images, in order.
    block : tuple of int
        The largest side of a block, per axis.
    sums : dict of str to int
        Bytes of the sums of every chunk, before compression.
    jobs : dict of str to int
        Number of jobs by rule.
    memory : dict of str to int
        Bytes that a job takes at most, by step; an estimate.
    """

    images: list[ImageAccount]
    block: tuple[int, ...]
    sums: dict[str, int]
    jobs: dict[str, int]
    memory: dict[str, int]


def account(
    grids: Mapping[str, PatchGrid],
    chunks: Sequence[ChunkRow],
    blocks: Sequence[BlockRow],
    demand: Demand,
) -> Account:
    """Return what a plan amounts to.

    Parameters
    ----------
    grids : dict of str to PatchGrid
        The patches of every image of the pack.
    chunks, blocks
        The plan.
    demand : Demand
        What the jobs have to do.
    """
    images = [_image(image, grid, chunks, blocks, demand.targets) for image, grid in grids.items()]
    sums: dict[str, int] = {}
    for row in chunks:
        sums[row.chunk] = sums.get(row.chunk, 0) + ITEM * demand.targets * row.box.size
    block = tuple(max(sides) for sides in zip(*(row.core.shape for row in blocks), strict=True))
    return Account(images, block, sums, _jobs(sums, blocks, demand), _memory(grids, blocks, sums, demand))


def _image(
    image: str, grid: PatchGrid, chunks: Sequence[ChunkRow], blocks: Sequence[BlockRow], targets: int
) -> ImageAccount:
    return ImageAccount(
        image,
        grid.shape,
        grid.counts,
        sum(row.image == image for row in chunks),
        sum(row.image == image for row in blocks),
        ITEM * targets * prod(grid.shape),
        ITEM * prod(grid.shape),
    )


def _jobs(sums: Mapping[str, int], blocks: Sequence[BlockRow], demand: Demand) -> dict[str, int]:
    if not run_apart(blocks):
        return {"infer": len(sums), "stitch": 1, "postprocess": 1}
    return {
        "infer": len(sums),
        "stitch_store": 1,
        "stitch_block": len(blocks),
        "stitch": 1,
        "postprocess_block": demand.passes * len(blocks),
        "postprocess_merge": demand.passes,
        "postprocess": 1,
    }


def _memory(
    grids: Mapping[str, PatchGrid], blocks: Sequence[BlockRow], sums: Mapping[str, int], demand: Demand
) -> dict[str, int]:
    """Return the memory of a job of each step: of the largest chunk, block or window of the plan."""
    patch = prod(next(iter(grids.values())).size)
    batch = ITEM * demand.batch_size * patch * (demand.channels + demand.targets)
    core = max(row.core.size for row in blocks)
    windows = (row.core.grow(demand.halo).clip(Box.of(grids[row.image].shape)) for row in blocks)
    window = max(box.size for box in windows)
    each, beside = STITCH
    seen, work = POSTPROCESS
    return {
        # sums are held once and packed once; a batch is predicted while the next one is read
        "infer": TORCH + (demand.network or 0) + 2 * max(sums.values()) + 2 * batch,
        "stitch": PYTHON + (each * demand.targets + beside) * core,
        "postprocess": PYTHON + (seen * demand.targets + work) * window,
    }
