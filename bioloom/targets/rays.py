"""Rays: evenly spread directions, and how far one can go along them inside an object."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

_FEW = 16
"""One voxel in so many on their way: from then on they are followed one by one."""


def ray_directions(count: int, ndim: int) -> NDArray[np.float64]:
    """Return evenly spread unit vectors in micrometres.

    Parameters
    ----------
    count : int
        How many.
    ndim : int
        2: equal angles, the first along x, the next ones towards higher y. 3: a Fibonacci lattice, whose
        points lie on a spiral around z (Gonzalez, Mathematical Geosciences 2010).

    Returns
    -------
    ndarray of float64, shape (count, ndim)
        Of length 1; ``(y, x)`` or ``(z, y, x)``. Voxel sizes play no part: where voxels are long in z, fewer
        of them lie on a ray that runs along z.
    """
    number = np.arange(count)
    if ndim == 2:
        angle = 2 * pi * number / count
        return np.round(np.stack([np.sin(angle), np.cos(angle)], axis=1), 12)
    height = 1 - (2 * number + 1) / count
    longitude, radius = pi * (3 - sqrt(5)) * number, np.sqrt(1 - height**2)
    return np.stack([height, radius * np.sin(longitude), radius * np.cos(longitude)], axis=1)


def crossings(
    direction: Sequence[float], spacing: Sequence[float], shape: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return where a ray from the center of a voxel enters others (Amanatides and Woo, Eurographics 1987).

    All voxels see the same sequence, as long as the array goes on.

    Parameters
    ----------
    direction : sequence of float
        A unit vector in micrometres.
    spacing : sequence of float
        Voxel size in micrometres.
    shape : sequence of int
        No voxel of an array of this shape has a partner beyond the last one returned.

    Returns
    -------
    lengths : ndarray of float64, shape (n,)
        How far it is to each voxel on the way, in micrometres, ascending.
    steps : ndarray of int64, shape (n, ndim)
        Where that voxel lies as seen from the first one. A ray that meets an edge goes straight on to the
        voxel beyond it.
    """
    found, axes = [], []
    for axis, (part, step, side) in enumerate(zip(direction, spacing, shape, strict=True)):
        if abs(part) > 1e-9:
            found.append((np.arange(side) + 0.5) * (step / abs(part)))
            axes.append(np.full(side, axis))
    lengths, turns = np.concatenate(found), np.concatenate(axes)
    order = np.argsort(lengths, kind="stable")
    lengths, turns = lengths[order], turns[order]
    moves = np.zeros((lengths.size, len(shape)), np.int64)
    moves[np.arange(lengths.size), turns] = np.sign(np.asarray(direction))[turns]
    steps = np.cumsum(moves, axis=0)
    last = np.append(np.diff(lengths) > 1e-6 * min(spacing), True)  # of those that are met at once
    lengths, steps = lengths[last], steps[last]
    inside = (np.abs(steps) < np.array(shape)).all(axis=1)
    return lengths[inside], steps[inside]


def ray_distances(
    labels: NDArray[np.integer], directions: NDArray[np.float64], spacing: Sequence[float]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    r"""Return how far it is from the center of every voxel of an object to where rays leave the object.

    All voxels go along a ray at once, from voxel to voxel; the end is exact, since an object is taken for
    the union of its boxes.

    Parameters
    ----------
    labels : ndarray of int, shape (\*spatial)
        0 is the background, negative values are not known.
    directions : ndarray of float64, shape (n, ndim)
        Unit vectors in micrometres.
    spacing : sequence of float
        Voxel size in micrometres.

    Returns
    -------
    distance : ndarray of float32, shape (n, \*spatial)
        In micrometres; 0 outside of objects. Where it is not known, how far the ray is within the object
        at least.
    known : ndarray of bool, shape (n, \*spatial)
        The voxels of objects whose ray leaves the object within the array, before a negative value.
    """
    framed = _framed(labels)
    inner = (slice(1, -1),) * labels.ndim
    strides = np.array(framed.strides) // framed.itemsize
    distance = np.zeros((len(directions), *labels.shape), np.float32)
    known = np.zeros((len(directions), *labels.shape), bool)
    for number, direction in enumerate(directions):
        lengths, steps = crossings(direction, spacing, framed.shape)
        passed, ended = _march(framed.ravel(), (steps @ strides).tolist())
        far = np.append(lengths, 0).astype(np.float32)[passed.reshape(framed.shape)[inner]]
        np.copyto(distance[number], far, where=labels > 0)
        known[number] = ended.reshape(framed.shape)[inner]
    return distance, known


def _framed(labels: NDArray[np.integer]) -> NDArray[np.signedinteger]:
    """Return labels in a frame of unknown voxels, -1 as all that are unknown.

    Rays go from neighbour to neighbour, so none gets past the frame.
    """
    values = np.maximum(labels.astype(np.int64, order="C"), -1)
    if values.max(initial=0) >= 1 << 31:
        numbers = np.unique(np.append([-1, 0], values), return_inverse=True)[1][2:] - 1
        values = numbers.reshape(labels.shape)
    # most of the time goes into reading labels again and again, so they are kept small
    small = values.max(initial=0) < 1 << 15
    return np.pad(values.astype(np.int16 if small else np.int32), 1, constant_values=-1)


def _march(
    labels: NDArray[np.signedinteger], shifts: Sequence[int]
) -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:
    """Return how many voxels a ray enters before it leaves its object, and whether that is known.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        A framed array, flat.
    shifts : sequence of int
        Where the voxels on the way lie in it, as seen from the first one.
    """
    passed, ended = np.zeros(labels.size, np.uint16), np.zeros(labels.size, bool)
    alive, seen = labels > 0, labels >= 0
    way = iter(shifts)
    for shift in way:
        here = slice(max(0, -shift), labels.size - max(0, shift))
        there = slice(max(0, shift), labels.size - max(0, -shift))
        same = labels[here] == labels[there]
        same &= alive[here]
        left = alive[here] ^ same
        left &= seen[there]
        ended[here] |= left
        passed[here] += same
        alive[here] = same
        if np.count_nonzero(same) * _FEW < labels.size:
            break
    places = np.flatnonzero(alive)
    for shift in way:
        if not places.size:
            break
        beyond = labels[places + shift]
        same = beyond == labels[places]
        ended[places[~same & (beyond >= 0)]] = True
        places = places[same]
        passed[places] += 1
    return passed, ended
