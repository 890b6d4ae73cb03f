"""Convex hulls of flat objects, from the first and last pixels of their rows.

::

    . # . . .        rows      first   last        hull
    # # . . #         0          1       1         . # # . .
    . # # # .         1          0       4         # # # # #
    . . # . .         2          1       3         . # # # .
                      3          2       2         . . # . .

The first pixels of the rows make the left side of the hull, the last ones the right side; what lies inside
of a side is dropped. The hull of a whole is that of the hulls of its parts, so blocks add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bioloom.measure.runs import ObjectRuns, find_runs, group

LEFT, RIGHT = 0, 1
_ROWS_AT_ONCE = 2**20


@dataclass(frozen=True)
class Hulls:
    """The corners of convex hulls, by object, side and row.

    Parameters
    ----------
    corners : (n, 4) int64
        Object id, side (0 left, 1 right), row and column of a pixel. On the right side columns are negative,
        so that the hull is where columns are small on both.
    """

    corners: np.ndarray


def accumulate(runs: ObjectRuns, origin: Sequence[int]) -> Hulls:
    """Return the hulls of the objects of one block.

    Parameters
    ----------
    runs : ObjectRuns
        Of the labels of the block, (y, x).
    origin : sequence of int
        Where in the image the block begins.
    """
    row, column = (
        at + start for at, start in zip(np.unravel_index(runs.starts, runs.shape), origin, strict=True)
    )
    left = np.stack([runs.ids, np.full_like(row, LEFT), row, column], axis=1)
    right = np.stack([runs.ids, np.full_like(row, RIGHT), row, 1 - column - runs.lengths], axis=1)
    return Hulls(_convex(np.concatenate([left, right])))


def merge(parts: Sequence[Hulls]) -> Hulls:
    """Return the hulls of the union of one or more blocks."""
    return Hulls(_convex(np.concatenate([part.corners for part in parts])))


def hull_pixels(hulls: Hulls) -> np.ndarray:
    """Return the number of pixels in the hull of each object, sorted by id.

    A pixel is in the hull if its centre is, border included; the hull is that of the midpoints of the sides
    of the object's pixels, as in ``skimage.morphology.convex_hull_image``. All is done in integers, in
    steps of half a pixel.

    Parameters
    ----------
    hulls : Hulls
        Of n objects.

    Returns
    -------
    (n,) int64
    """
    counts = [np.zeros(0, np.int64)]
    for corners in _portions(hulls.corners):
        side = _midpoints(corners)
        first, number = find_runs(*side.T[:2])
        last = first + number - 1
        low, high = (side[first, 2] + 1) // 2, (side[last, 2] - 1) // 2  # the rows of the object
        rows = high - low + 1
        which = np.repeat(np.arange(len(first)), rows)
        row = 2 * (np.arange(len(which)) - np.repeat(np.cumsum(rows) - rows - low, rows))
        bound = _bounds(side, first, which, row)
        # Both sides have the same rows; bounds are smallest columns left, negative largest columns right.
        right = side[first, 1] == RIGHT
        inside = np.where(right[which], 1 - bound, -bound)
        per_side = np.add.reduceat(inside, np.cumsum(rows) - rows)
        counts.append(per_side[::2] + per_side[1::2])
    return np.concatenate(counts)


def _convex(corners: np.ndarray) -> np.ndarray:
    """The corners of the hulls of any pixels, sorted by object, side and row."""
    order, first = group(*corners.T)
    corners = corners[order][first]
    corners = corners[find_runs(*corners.T[:3])[0]]  # of each row the pixel farthest out
    finished = [corners[:0]]
    while len(corners):
        first, number = find_runs(*corners.T[:2])
        inner = _inner(corners)
        inner[first] = inner[first + number - 1] = False
        changes = np.repeat(np.logical_or.reduceat(inner, first), number)
        finished.append(corners[~changes])
        corners = corners[changes & ~inner]
    corners = np.concatenate(finished)
    order, _ = group(*corners.T[:3])
    return corners[order]


def _inner(corners: np.ndarray) -> np.ndarray:
    """Which corners lie on the line between the ones before and after them, or inside of it.

    None of these is a corner of the hull, so all can be dropped at once.
    """
    row, column = corners.T[2:]
    inner = np.zeros(len(corners), bool)
    before, after = row[1:-1] - row[:-2], row[2:] - row[:-2]
    inner[1:-1] = (column[1:-1] - column[:-2]) * after >= (column[2:] - column[:-2]) * before
    return inner


def _midpoints(corners: np.ndarray) -> np.ndarray:
    """The hulls of the midpoints of pixel sides, rows and columns in halves of a pixel."""
    object_id, side, row, column = corners.T
    return _convex(
        np.concatenate(
            [
                np.stack([object_id, side, 2 * row + down, 2 * column - across], axis=1)
                for down, across in ((-1, 0), (0, 1), (1, 0))
            ]
        )
    )


def _bounds(side: np.ndarray, first: np.ndarray, which: np.ndarray, row: np.ndarray) -> np.ndarray:
    """The first column, whole pixels, that is not outside of a side in some rows of it (in half pixels)."""
    # One number for side and row: sides are sorted, rows are sorted within them.
    lowest = side[:, 2].min(initial=0)
    height = side[:, 2].max(initial=0) - lowest + 1
    number = np.diff(first, append=len(side))
    place = np.repeat(np.arange(len(first)), number) * height + side[:, 2] - lowest
    above = np.searchsorted(place, which * height + row - lowest, side="right") - 1
    top, bottom = side[above], side[above + 1]
    fall = bottom[:, 2] - top[:, 2]
    column = top[:, 3] * fall + (bottom[:, 3] - top[:, 3]) * (row - top[:, 2])
    return np.asarray(-(-column // (2 * fall)))


def _portions(corners: np.ndarray) -> Iterator[np.ndarray]:
    """Cut a table of corners between objects so that a portion has few rows of pixels, or one object."""
    begin = rows = 0
    for start, number in np.stack(find_runs(corners[:, 0]), axis=1).tolist():
        stop = start + number
        height = int(corners[stop - 1, 2] - corners[start, 2]) + 1
        if rows and rows + height > _ROWS_AT_ONCE:
            yield corners[begin:start]
            begin, rows = start, 0
        rows += height
    if rows:
        yield corners[begin:]
