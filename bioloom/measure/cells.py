"""Cells: 2 x 2 (x 2) voxels seen together, which hold the surfaces of objects and who touches whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from bioloom.measure.runs import group

_CELLS_AT_ONCE = 2**18


@dataclass(frozen=True)
class Cells:
    """What the cells of a block know of its objects.

    Parameters
    ----------
    ids : (n,) int64
        The objects with a surface in the block, sorted.
    surface : (n,) float64
        Their surface there: perimeter in 2D, area in 3D, micrometres.
    pairs : (m, 2) int64
        The objects that touch, the smaller id first; each pair once.
    """

    ids: np.ndarray
    surface: np.ndarray
    pairs: np.ndarray


def count_cells(labels: np.ndarray, surface: np.ndarray) -> Cells:
    """Return the surfaces and contacts in all cells of an array.

    Parameters
    ----------
    labels : (*spatial) integer
        Object ids, 0 for background and for what lies outside of the image. A cell is known by its last
        voxel: with one voxel more than a block at the low end of every axis, the array holds the cells of
        the block, and those of different blocks are different ones.
    surface : (16,) or (256,) float64
        What each arrangement of the corners adds, from `bioloom.measure.surface.cell_surface`.
    """
    labels = np.ascontiguousarray(labels)
    cells = _mixed(labels)
    steps = np.array(labels.strides) // labels.itemsize
    flat = labels.reshape(-1)
    parts = []
    for start in range(0, max(1, len(cells)), _CELLS_AT_ONCE):
        here = cells[start : start + _CELLS_AT_ONCE]
        corners = [flat[here + np.dot(corner, steps)] for corner in product((0, 1), repeat=labels.ndim)]
        parts.append(_count(np.stack(corners), surface))
    return merge(parts)


def merge(parts: Sequence[Cells]) -> Cells:
    """Add up what the cells of one or more blocks know."""
    ids, surface, pairs = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("ids", "surface", "pairs")
    )
    return _grouped(ids, surface, pairs)


def _mixed(labels: np.ndarray) -> np.ndarray:
    """The cells whose corners are not all alike, as flat indices of their first corners."""
    mixed = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim):
        here, there = ((slice(None),) * axis + (side,) for side in (slice(None, -1), slice(1, None)))
        mixed[here] |= mixed[there]
        mixed[here] |= labels[here] != labels[there]
    for axis in range(labels.ndim):
        mixed[(slice(None),) * axis + (slice(-1, None),)] = False
    return np.flatnonzero(mixed)


def _count(corners: np.ndarray, surface: np.ndarray) -> Cells:
    """Surfaces and contacts in cells given by their corners, (2**d, cells)."""
    # An object counts at the first corner that it has.
    first = corners != 0
    for one, other in combinations(range(len(corners)), 2):
        first[other] &= corners[one] != corners[other]
    ids, amounts = [np.zeros(0, np.int64)], [np.zeros(0)]
    for corner in range(len(corners)):
        cells = np.flatnonzero(first[corner])
        here = corners[corner, cells]
        arrangement = np.full(len(cells), 1 << corner, np.uint8)
        for other in range(corner + 1, len(corners)):
            arrangement |= (corners[other, cells] == here).view(np.uint8) << np.uint8(other)
        ids.append(here.astype(np.int64))
        amounts.append(surface[arrangement])
    return _grouped(np.concatenate(ids), np.concatenate(amounts), _pairs(corners, first))


def _pairs(corners: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The objects that share a cell, as (m, 2), the smaller id first."""
    shared = np.flatnonzero(first.sum(axis=0) > 1)
    corners, first = corners[:, shared], first[:, shared]
    pairs = [np.zeros((0, 2), np.int64)]
    for one, other in combinations(range(len(corners)), 2):
        both = first[one] & first[other]
        pairs.append(np.stack([corners[one, both], corners[other, both]], axis=1).astype(np.int64))
    return np.sort(np.concatenate(pairs), axis=1)


def _grouped(ids: np.ndarray, surface: np.ndarray, pairs: np.ndarray) -> Cells:
    """Add up the surfaces of each id, and keep each pair once."""
    order, begin = group(ids)
    total = np.add.reduceat(surface[order], begin) if len(order) else surface
    sequence, once = group(*pairs.T)
    return Cells(ids[order][begin], total, pairs[sequence[once]])
