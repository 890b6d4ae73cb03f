"""Flow: in which direction the heat comes from the middle of the object."""

from __future__ import annotations

from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bioloom.settings.base import Section
from bioloom.targets.base import Channel, Cut, Floats, Labels, Target, vector_channels
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.seen import FACES, middle, pieces


class FlowOptions(Section):
    """In which direction a voxel is led to the middle of its object, around its corners."""

    name: Literal["flow"] = "flow"
    """Name of the target."""


class Flow(Target):
    """Unit vectors that lead from every voxel of an object to its middle, and 0 in the background.

    They are the gradient of heat that comes from the voxel nearest to the centroid and is lost at the
    boundary; so they stay inside of bent objects. Vectors are in micrometres, along the axes in order. An
    object in several pieces has a middle in each, and objects end at the border of the image. After the flows
    of Cellpose (Stringer et al., Nature Methods 18, 2021).
    """

    activation = "linear"
    # Vectors are 0 in the background, so that their mean square is small: now they count as much as the rest.
    losses = ({"name": "mse", "weight": 5.0},)

    def channels(self, ndim: int) -> tuple[Channel, ...]:
        """Return one channel per axis. See `Target.channels`."""
        return vector_channels(self.options.name, self.activation, ndim)

    def margin(self, median_radius_um: float, spacing: tuple[float, ...]) -> tuple[int, ...]:
        """Return four median radii, so that objects up to that long are seen whole. See `Target.margin`."""
        return tuple(ceil(4 * median_radius_um / step) + 1 for step in spacing)

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Heat every piece that is seen whole; the others have weight 0. See `Target.make`."""
        values = np.zeros((labels.ndim, *labels.shape), np.float32)
        seen = pieces(labels, cut, FACES)
        for number, box in enumerate(seen.boxes, start=1):
            if seen.whole[number]:
                piece = seen.numbers[box] == number
                values[(slice(None), *box)][:, piece] = directions(heated(piece, spacing), spacing)[:, piece]
        weight = ((labels >= 0) & np.take(seen.whole, seen.numbers)).astype(np.float32)
        return values, np.repeat(weight[None], labels.ndim, axis=0)


def heated(piece: NDArray[np.bool_], spacing: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the temperatures of a piece whose middle is heated while its surroundings stay at 0.

    Heat spreads step by step between voxels that share a face, the faster the nearer they are, until it was
    everywhere and some more: at least twice as many steps as the piece is long along all axes together.

    Parameters
    ----------
    piece : ndarray of bool, shape (*spatial)
        A connected object, and nothing around it.
    spacing : tuple of float
        Voxel size in micrometres.

    Returns
    -------
    ndarray of float64, shape (*spatial)
        Above 0 in the piece, as far as numbers go (some hundred voxels from the middle), and 0 outside.
    """
    ndim = piece.ndim
    inner = (slice(1, -1),) * ndim
    temperature = np.zeros(tuple(side + 2 for side in piece.shape))
    inside = temperature[inner]
    share = np.array([1 / step**2 for step in spacing])
    share /= 2 * share.sum() + 2 * share.mean()  # of each neighbour; the voxel itself keeps the rest
    keep = 1 - 2 * share.sum()
    sides = [_shifted(piece.shape, axis, step) for axis in range(ndim) for step in (-1, 1)]
    source, voxels = middle(piece, spacing), int(piece.sum())
    steps, reached = 0, 0
    while steps < 2 * sum(piece.shape) or reached < voxels:
        inside[source] += 1
        spread = keep * inside
        for number, side in enumerate(sides):
            spread += share[number // 2] * temperature[side]
        inside[...] = np.where(piece, spread, 0)
        steps += 1
        before, reached = reached, int(np.count_nonzero(inside)) if reached < voxels else voxels
        if before == reached < voxels:
            break  # too thin and long: nothing is left of the heat
    return inside.copy()


def _shifted(shape: tuple[int, ...], axis: int, step: int) -> tuple[slice, ...]:
    """Return the neighbours, `step` along `axis`, of an array that is padded by one voxel."""
    steps = [step if a == axis else 0 for a in range(len(shape))]
    return tuple(slice(1 + s, side + 1 + s) for s, side in zip(steps, shape, strict=True))


def directions(heights: NDArray[np.float64], spacing: tuple[float, ...]) -> Floats:
    """Return the unit vectors in which heights rise most, 0 where they do not; outside all is 0.

    Parameters
    ----------
    heights : ndarray of float64, shape (*spatial)
    spacing : tuple of float
        Voxel size in micrometres.

    Returns
    -------
    ndarray of float32, shape (ndim, *spatial)
    """
    padded = np.pad(heights, 1)
    slopes = []
    for axis, step in enumerate(spacing):
        along = np.moveaxis(padded, axis, 0)
        rise = np.moveaxis((along[2:] - along[:-2]) / (2 * step), 0, axis)
        slopes.append(rise[tuple(slice(None) if a == axis else slice(1, -1) for a in range(heights.ndim))])
    vectors = np.stack(slopes)
    largest = np.abs(vectors).max(axis=0)
    vectors /= np.where(largest > 0, largest, 1)  # the squares of tiny slopes would be 0
    length = np.sqrt((vectors**2).sum(axis=0))
    return (vectors / np.where(length > 0, length, 1)).astype(np.float32)
