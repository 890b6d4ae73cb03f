"""All that is counted about objects: tables of blocks, which add up to those of the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bioloom.geometry.box import Box
from bioloom.measure import cells, hull, intensity, moments
from bioloom.measure.blocks import slabs
from bioloom.measure.cells import Cells
from bioloom.measure.hull import Hulls
from bioloom.measure.intensity import Intensities
from bioloom.measure.moments import Moments
from bioloom.measure.runs import object_runs
from bioloom.measure.surface import cell_surface


@dataclass(frozen=True)
class Sums:
    """The tables of some blocks.

    Parameters
    ----------
    moments : Moments
    intensity : Intensities
    cells : Cells or None
        Surfaces and contacts; None when details were not asked for.
    hulls : Hulls or None
        Convex hulls; None in 3D, too.
    """

    moments: Moments
    intensity: Intensities
    cells: Cells | None
    hulls: Hulls | None


def window_of(core: Box, whole: Box) -> Box:
    """Return what must be known of the labels to count the objects of a block: one more layer before it."""
    return Box(tuple(at - 1 for at in core.start), core.stop).clip(whole)


def count(
    labels: np.ndarray,
    image: np.ndarray | None,
    window: Box,
    core: Box,
    whole: Box,
    *,
    distance: np.ndarray | None = None,
    details: Sequence[float] | None = None,
) -> Sums:
    """Count the objects of one block, slab by slab.

    Parameters
    ----------
    labels : (*window.shape) integer
        Object ids, 0 for background.
    image : (C, *core.shape), optional
        Intensities.
    window : Box
        What is given of the labels: the block, or what `window_of` says if details are wanted.
    core : Box
        The block.
    whole : Box
        The image.
    distance : (*core.shape) float, optional
        A value per voxel whose largest one is kept for each object.
    details : sequence of float, optional
        The voxel size in micrometres, if surfaces, hulls, neighbours and spreads of intensities are wanted.

    Raises
    ------
    BioLoomError
        For labels that are no ids, or an image of another shape.
    """
    surface = None if details is None else cell_surface(tuple(float(step) for step in details))
    parts = []
    for slab in slabs(core):
        runs = object_runs(labels[slab.within(window).slices])
        here = slab.within(core).slices
        parts.append(
            Sums(
                moments.accumulate(
                    runs, distance=None if distance is None else distance[here], origin=slab.start
                ),
                intensity.accumulate(
                    runs, None if image is None else image[:, *here], details=surface is not None
                ),
                None
                if surface is None
                else cells.count_cells(_bordered(labels, window, slab, whole), surface),
                hull.accumulate(runs, slab.start) if surface is not None and core.ndim == 2 else None,
            )
        )
    return add_up(parts)


def add_up(parts: Sequence[Sums]) -> Sums:
    """Add up the tables of one or more blocks that do not overlap, all with the same axes and channels."""
    counted = [part.cells for part in parts if part.cells is not None]
    hulls = [part.hulls for part in parts if part.hulls is not None]
    return Sums(
        moments.merge([part.moments for part in parts]),
        intensity.merge([part.intensity for part in parts]),
        cells.merge(counted) if counted else None,
        hull.merge(hulls) if hulls else None,
    )


def _bordered(labels: np.ndarray, window: Box, slab: Box, whole: Box) -> np.ndarray:
    """The slab with the layers before it, and after it where the image ends; 0 outside of the image."""
    last = tuple(stop + (stop == end) for stop, end in zip(slab.stop, whole.stop, strict=True))
    wanted = Box(tuple(at - 1 for at in slab.start), last)
    known = wanted.clip(whole)
    before = np.subtract(known.start, wanted.start)
    after = np.subtract(wanted.stop, known.stop)
    return np.pad(labels[known.within(window).slices], np.stack([before, after], axis=1))
