"""The coarser levels of a store, for viewers: halved until the largest side is 256 voxels or less.

Axes along which voxels are long already are left alone until the others have caught up::

    spacing z 2.0  y 0.5  x 0.5     level 1  2.0 1.0 1.0     level 2  2.0 2.0 2.0     level 3  4.0 4.0 4.0
"""

from __future__ import annotations

from functools import reduce
from math import prod

import numpy as np
import zarr

from bioloom.geometry.box import Box
from bioloom.geometry.grid import tiles
from bioloom.volumes import layout
from bioloom.volumes.atomic import remove
from bioloom.volumes.store import Volume, open_volume

LARGEST = 256
_THIN = 32
PIECE_SIDE = {2: 512, 3: 64}


def level_factors(spatial: tuple[int, ...], spacing: tuple[float, ...]) -> list[tuple[int, ...]]:
    """Return by what each level divides the sides of the one before, 1 or 2 per axis; empty if small."""
    factors: list[tuple[int, ...]] = []
    while max(spatial) > LARGEST:
        # A thin axis stays whole unless it is the only thing left to halve: slices are what a viewer steps
        # through.
        finest = min(s for s, n in zip(spacing, spatial, strict=True) if n > _THIN)
        step = tuple(2 if n > _THIN and s < 2 * finest else 1 for s, n in zip(spacing, spatial, strict=True))
        factors.append(step)
        spatial = tuple(-(-n // f) for n, f in zip(spatial, step, strict=True))
        spacing = tuple(s * f for s, f in zip(spacing, step, strict=True))
    return factors


def write_pyramid(volume: Volume) -> None:
    """Write the coarser levels of `volume` (level 0), replacing those it has; memory stays bounded.

    Images and predictions are averaged (integers rounded half to even), labels sampled. One process writes
    them all; the metadata names the new levels only when they are complete.
    """
    scales = [volume.spacing]
    volume.write_attributes(scales)
    for old in volume.path.iterdir():
        if old.name.isdigit() and old.name != "0":
            remove(old)
    source = volume
    for number, step in enumerate(level_factors(volume.spatial, volume.spacing), start=1):
        shape = tuple(-(-n // f) for n, f in zip(source.spatial, step, strict=True))
        array = layout.create_level(
            volume.path,
            str(number),
            (volume.channels, *shape),
            volume.dtype,
            sharded=volume.array.shards is not None,
            block=volume.block_shape() if volume.array.shards else None,
        )
        _fill(source, array, step, volume.labels)
        scales.append(tuple(s * f for s, f in zip(scales[-1], step, strict=True)))
        volume.write_attributes(scales)
        source = open_volume(volume.path, number)


def downsample(values: np.ndarray, step: tuple[int, ...], *, labels: bool) -> np.ndarray:
    """Return `values` with the spatial sides divided by `step`, rounded up.

    Parameters
    ----------
    values : numpy.ndarray
        ``(channel, *spatial)``.
    step : tuple of int
        Divisor of every spatial axis.
    labels : bool
        Whether the first voxel of every group is taken instead of the mean. At an odd end a group is smaller.
    """
    if labels:
        return values[(slice(None), *(slice(None, None, f) for f in step))]
    # Repeating the last voxel of an odd side leaves the mean of the group what it is: axes average
    # independently.
    margins = [(0, 0), *((0, -n % f) for n, f in zip(values.shape[1:], step, strict=True))]
    wide = np.float32 if values.dtype in (np.uint8, np.int8, np.uint16, np.int16, np.float32) else np.float64
    sums = np.pad(values, margins, mode="edge") if np.any(margins) else values
    # Axis by axis, for adding whole slices is several times as fast as a mean over groups of two.
    for axis, f in enumerate(step, start=1):
        lines = np.moveaxis(sums, axis, 0)
        parts = (lines[k::f].astype(wide, copy=False) for k in range(f))
        sums = np.moveaxis(reduce(np.add, parts), 0, axis)
    mean = sums / wide(prod(step))
    return (mean if values.dtype.kind == "f" else np.rint(mean)).astype(values.dtype, copy=False)


def _fill(source: Volume, target: zarr.Array, step: tuple[int, ...], labels: bool) -> None:
    """Fill `target` block by block, a block by pieces, for its source is up to 8 times as large."""
    channels, *block = layout.block_of(target)
    whole = Box.of(source.spatial)
    for first in range(0, target.shape[0], channels):
        span = slice(first, min(first + channels, target.shape[0]))
        for box in tiles(tuple(target.shape[1:]), tuple(block)):
            values = np.empty((span.stop - span.start, *box.shape), target.dtype)
            for part in tiles(box.shape, (PIECE_SIDE[box.ndim],) * box.ndim):
                outer = part.shift(box.start)
                wanted = Box(_times(outer.start, step), _times(outer.stop, step)).clip(whole)
                values[(slice(None), *part.slices)] = downsample(
                    source.read(wanted, span), step, labels=labels
                )
            target[(span, *box.slices)] = values


def _times(position: tuple[int, ...], step: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(p * f for p, f in zip(position, step, strict=True))
