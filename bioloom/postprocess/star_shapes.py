"""Star-convex shapes in voxels: which voxels lie within a radius that depends on the direction.

Between the rays the radius is interpolated: every offset from a center lies between two rays (in 2D) or in
the cone of three (in 3D), and has coordinates along them. The shares of these coordinates weigh the radii,
so that a ball is a ball with few rays, too. Centers are voxels, hence offsets are whole numbers, and what
depends on the offset alone is kept in a table::

        ray 1                 offset = a * ray 1 + b * ray 2,   a, b >= 0
       /    . offset          radius = (a * radius 1 + b * radius 2) / (a + b)
      / .                     inside if the length of the offset is at most the radius
    center ------- ray 2

Numbers are added up in a fixed order, so that a shape is the same, voxel by voxel, whoever looks at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box

_PIECE = 1 << 16  # offsets whose cones are looked for at once: few enough for memory


@dataclass(frozen=True)
class Cones:
    """For every offset in a box around 0 the rays around it.

    Parameters
    ----------
    half : tuple of int
        The box reaches from ``-half`` to ``half`` along every axis.
    rays : ndarray of int32, shape (ndim, *box)
        The numbers of the rays between which the offset lies.
    shares : ndarray of float32, shape (ndim, *box)
        The weights of their radii; they add up to 1.
    length : ndarray of float32, shape (*box)
        The length of the offset in micrometres.
    """

    half: tuple[int, ...]
    rays: NDArray[np.int32]
    shares: NDArray[np.float32]
    length: NDArray[np.float32]

    def inside(self, radii: NDArray[np.float32], box: Box) -> NDArray[np.bool_]:
        """Return which offsets of a box, within the table's, are inside of the shape of some radii.

        Parameters
        ----------
        radii : ndarray of float32, shape (rays,)
            In micrometres, at least 0.
        box : Box
            Offsets from the center.
        """
        part = box.shift(self.half).slices
        radius = np.zeros(box.shape, np.float32)
        for ray, share in zip(self.rays, self.shares, strict=True):
            radius += np.take(radii, ray[part]) * share[part]
        return self.length[part] <= radius


def find_cones(directions: NDArray[np.float64], spacing: Sequence[float], half: Sequence[int]) -> Cones:
    """Return the table of all offsets up to `half`.

    Parameters
    ----------
    directions : ndarray of float64, shape (rays, ndim)
        Unit vectors in micrometres, on all sides.
    spacing : sequence of float
        Voxel size in micrometres.
    half : sequence of int
        How far the table reaches, in voxels per axis.
    """
    from scipy.spatial import ConvexHull

    sides = tuple(2 * h + 1 for h in half)
    simplices = np.sort(ConvexHull(directions).simplices, axis=1)
    simplices = simplices[np.lexsort(simplices.T)]
    inverses = np.linalg.inv(directions[simplices])  # coordinates = offset @ inverse
    lines = [(np.arange(side) - h) * step for side, h, step in zip(sides, half, spacing, strict=True)]
    offsets = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, len(sides))
    nearby = _nearby(directions, simplices)
    chosen = np.empty(len(offsets), np.int64)
    coordinates = np.empty(offsets.shape)
    for first in range(0, len(offsets), _PIECE):
        piece = slice(first, first + _PIECE)
        chosen[piece], coordinates[piece] = _locate(offsets[piece], inverses, *nearby)
    shares = np.maximum(coordinates, 0)
    total = shares[:, 0].copy()
    for column in range(1, shares.shape[1]):
        total += shares[:, column]
    shares /= np.where(total > 0, total, 1)[:, None]
    length = np.sqrt(_added(offsets**2))
    return Cones(
        tuple(half),
        np.ascontiguousarray(simplices[chosen].T.reshape(-1, *sides), np.int32),
        np.ascontiguousarray(shares.T.reshape(-1, *sides), np.float32),
        length.reshape(sides).astype(np.float32),
    )


def _nearby(
    directions: NDArray[np.float64], simplices: NDArray[np.integer]
) -> tuple[object, NDArray[np.int64]]:
    """Return a tree of the middles of cones, and for every cone those that share a ray, padded with it."""
    from scipy.spatial import cKDTree

    middles = directions[simplices].mean(axis=1)
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    users = [np.flatnonzero((simplices == ray).any(axis=1)) for ray in range(len(directions))]
    around = [np.unique(np.concatenate([users[ray] for ray in corners])) for corners in simplices]
    table = np.repeat(np.arange(len(simplices))[:, None], max(map(len, around)), axis=1)
    for row, found in zip(table, around, strict=True):
        row[: len(found)] = found
    return cKDTree(middles), table


def _locate(
    offsets: NDArray[np.float64], inverses: NDArray[np.float64], tree: object, around: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the cone of every offset and its coordinates there: of the cones nearby, the one it is in."""
    length = np.sqrt(_added(offsets**2))
    units = offsets / np.where(length > 0, length, 1)[:, None]
    candidates = around[tree.query(units)[1]]  # type: ignore[attr-defined]
    best = np.full(len(offsets), -np.inf)
    chosen, found = np.zeros(len(offsets), np.int64), np.zeros_like(offsets)
    for column in candidates.T:
        coordinates = np.stack(
            [_added(units * inverses[column, :, axis]) for axis in range(units.shape[1])], axis=1
        )
        lowest = coordinates.min(axis=1)
        better = lowest > best
        best[better], chosen[better], found[better] = lowest[better], column[better], coordinates[better]
    return chosen, found


def _added(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sums over the last axis, always added in the same order."""
    total = parts[..., 0].copy()
    for index in range(1, parts.shape[-1]):
        total += parts[..., index]
    return total


def half_sides(radii: NDArray[np.floating], spacing: Sequence[float]) -> NDArray[np.int64]:
    """Return how far shapes may reach from their centers, in whole voxels per axis, ``(n, ndim)``.

    An interpolated radius is at most the largest one of the shape, which limits all axes.
    """
    return np.floor(radii.max(axis=1, initial=0)[:, None] / np.array(spacing) + 1e-6).astype(np.int64)
