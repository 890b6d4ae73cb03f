"""Runs: label images as stretches of equal voxels, the unit of all counting.

Objects are compact, so a row of 1,000 voxels holds a few dozen runs; everything that is counted per object is
summed over runs in integers, whatever the size of the ids::

    row     0 0 0 7 7 7 7 0 9 9        starts   0 3 7 8
                                       lengths  3 4 1 2
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioloom.errors import BioLoomError

LARGEST_ID = 2**63 - 1
STEPS = 2**16
"""Steps between 0 and 1 to which predicted values are rounded before they are summed."""
PIECE = 2**20
"""Voxels, more or less, whose values are summed at once."""


@dataclass(frozen=True)
class ObjectRuns:
    """The runs of the objects of a label image; those of the background are left out.

    Parameters
    ----------
    shape : tuple of int
        Shape of the label image.
    ids, starts, lengths : (n,) int64
        Object id, flat index of the first voxel and number of voxels of each run.
    """

    shape: tuple[int, ...]
    ids: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray

    def values(self, array: np.ndarray) -> np.ndarray:
        """Return the values of an array of `shape` in the runs, one run after the other."""
        positions = np.repeat(self.starts - self.offsets, self.lengths)
        positions += np.arange(len(positions))
        return np.asarray(array.reshape(-1)[positions])

    @property
    def offsets(self) -> np.ndarray:
        """Where each run begins in what `values` returns; what ``ufunc.reduceat`` wants."""
        return np.cumsum(self.lengths) - self.lengths


def checked_labels(labels: np.ndarray, what: str = "labels") -> np.ndarray:
    """Return `labels` as a C-contiguous array, checked to hold object ids.

    Parameters
    ----------
    labels : (*spatial) array
        Object ids, 0 for background.
    what : str
        What the message calls the array.

    Raises
    ------
    BioLoomError
        If the array is not of integers, or holds an id below 0 or above 2**63 - 1.
    """
    labels = np.ascontiguousarray(labels)
    if labels.dtype == bool:
        return labels.view(np.uint8)
    if labels.dtype.kind not in "iu":
        raise BioLoomError(
            f"{what} hold values of type {labels.dtype}",
            allowed="integers, 0 for background and one id per object",
            fix="save the label image with an integer type",
        )
    if labels.size and labels.dtype.kind == "i" and labels.min() < 0:
        raise BioLoomError(f"{what} hold the id {labels.min()}", allowed="ids from 0 to 2**63 - 1")
    if labels.size and labels.dtype == np.uint64 and labels.max() > LARGEST_ID:
        raise BioLoomError(f"{what} hold the id {labels.max()}", allowed="ids from 0 to 2**63 - 1")
    return labels


def find_runs(*arrays: np.ndarray, row: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return where the runs of one or several arrays start, and how long they are.

    Parameters
    ----------
    *arrays : arrays of one shape
        A run ends where any of them changes. They are taken in C order.
    row : int, optional
        Length of the last axis: runs end at the end of every row. Otherwise they go on over it.

    Returns
    -------
    starts, lengths : (n,) int64
        Flat index of the first voxel of each run, and the number of its voxels (their sum is the array's
        size).
    """
    size = arrays[0].size
    if size == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    change = np.zeros(size, bool)
    change[0] = True
    for array in arrays:
        flat = array.reshape(-1)
        change[1:] |= flat[1:] != flat[:-1]
    if row is not None:
        change[::row] = True
    starts = np.flatnonzero(change)
    return starts, np.diff(starts, append=size)


def object_runs(labels: np.ndarray) -> ObjectRuns:
    """Return the runs of all objects, row by row.

    Parameters
    ----------
    labels : (*spatial) integer
        Object ids, 0 for background.

    Raises
    ------
    BioLoomError
        For labels that are no ids.
    """
    labels = checked_labels(labels)
    starts, lengths = find_runs(labels, row=labels.shape[-1])
    ids = labels.reshape(-1)[starts].astype(np.int64)
    kept = np.flatnonzero(ids)
    return ObjectRuns(labels.shape, ids[kept], starts[kept], lengths[kept])


def run_sums(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sum values over runs, clipped and in whole steps; piece by piece, since each is copied to 64 bits.

    A run that goes on beyond the end of a piece is summed in parts, however long it is.
    """
    sums = np.zeros(len(starts), np.int64)
    for at in range(0, len(values), PIECE):
        steps = np.rint(np.clip(values[at : at + PIECE], 0, 1) * STEPS)
        first = np.searchsorted(starts, at, side="right") - 1
        last = np.searchsorted(starts, at + PIECE)
        begins = np.maximum(starts[first:last] - at, 0)
        sums[first:last] += np.add.reduceat(steps, begins, dtype=np.float64).astype(np.int64)
    return sums


def group(*keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort by one or several keys, the first one leading.

    Parameters
    ----------
    *keys : (n,) arrays

    Returns
    -------
    order : (n,) int64
        The stable sorting order.
    first : (m,) int64
        Where each group of equal keys begins in that order; what ``ufunc.reduceat(values[order], first)``
        wants.
    """
    order = np.lexsort(keys[::-1])
    first, _ = find_runs(*(key[order] for key in keys))
    return order, first
