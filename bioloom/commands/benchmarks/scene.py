"""A made-up image of any size: round objects a few voxels apart, under noise. Where its files lie.

Free of torch, for stages run without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from bioloom.geometry.box import Box
from bioloom.geometry.grid import ChunkRow, PatchGrid, plan_chunks, tiles
from bioloom.train.spec import ModelSpec

IMAGE = "scene"
PATCH, OVERLAP = 256, 64
CHUNK = 4
"""Patches per axis of a chunk."""
SPEC = ModelSpec(
    task="instance_segmentation",
    model={},
    in_channels=1,
    channels=(
        {"name": "foreground", "activation": "sigmoid"},
        {"name": "contour", "activation": "sigmoid"},
        {"name": "distance", "activation": "linear"},
    ),
    ndim=2,
    patch={"size": [PATCH, PATCH], "overlap": [OVERLAP, OVERLAP]},
    normalize={"name": "percentile", "floor": [0.0]},
    spacing=(1.0, 1.0),
    precision="fp32",
    threads=1,
    steps=0,
    best_step=0,
    weights="none",
)
"""The model that stands behind the predictions."""
OPERATIONS: list[dict[str, Any]] = [
    {
        "name": "watershed",
        "foreground": "foreground",
        "foreground_threshold": 0.5,
        "seeds": "distance",
        "seed_threshold": 0.5,
        "topography": "distance",
    },
    {"name": "fill_holes"},
    {"name": "remove_small"},
]
"""The post-processing, whatever the defaults of the task are."""

_SPACING = 36  # between the centers of objects, whose radii are 10 to 15
_TILE = 1024


def raw_file(folder: Path) -> Path:
    """Return the image as a microscope leaves it."""
    return folder / "raw" / f"{IMAGE}.tif"


def image_store(folder: Path) -> Path:
    """Return the store that `preprocess` makes of it."""
    return folder / "images" / f"{IMAGE}.zarr"


def prediction_store(folder: Path) -> Path:
    """Return the stitched prediction."""
    return folder / "predictions" / f"{IMAGE}.zarr"


def write_image(path: Path, side: int) -> None:
    """Write the image of `side` x `side` voxels as an uncompressed TIFF, a tile at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = tifffile.memmap(path, shape=(side, side), dtype=np.uint16, metadata={"axes": "YX"})
    generator = np.random.default_rng(0)
    heights = _heights(generator)
    for box in tiles((side, side), (_TILE, _TILE)):
        part = heights[: box.shape[0], : box.shape[1]]
        image[box.slices] = (3000 * part + generator.normal(200, 20, part.shape)).clip(0)
    image.flush()


def _heights(generator: np.random.Generator) -> np.ndarray:
    """Return a tile of cones, 1 at the center and 0 at the border of an object."""
    grid = np.mgrid[:_SPACING, :_SPACING]
    heights = np.zeros((_TILE, _TILE), np.float32)
    for box in tiles((_TILE // _SPACING * _SPACING,) * 2, (_SPACING, _SPACING)):
        center = _SPACING / 2 + generator.integers(-2, 3, (2, 1, 1))
        radius = generator.integers(10, 16)
        heights[box.slices] = np.maximum(0, 1 - np.hypot(*(grid - center)) / radius)
    return heights


def grid_of(side: int) -> PatchGrid:
    """Return the patches of the image."""
    return PatchGrid((side, side), (PATCH, PATCH), (OVERLAP, OVERLAP))


def chunks_of(side: int) -> list[ChunkRow]:
    """Return the chunks of the image."""
    return plan_chunks({IMAGE: grid_of(side)}, (CHUNK, CHUNK))


def random_boxes(side: int, crop: int, count: int) -> list[Box]:
    """Return squares at random places of the image, the same ones every time."""
    starts = np.random.default_rng(1).integers(0, side - crop, (count, 2), endpoint=True).tolist()
    return [Box(tuple(start), tuple(a + crop for a in start)) for start in starts]
