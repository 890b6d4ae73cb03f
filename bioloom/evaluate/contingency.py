"""The contingency table of two partitions of the voxels of an image: truth and labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioloom.evaluate.overlap import Overlap


@dataclass(frozen=True)
class Contingency:
    """Voxels by segment of the truth and by segment of the labels.

    Parameters
    ----------
    both : (n,) float64
        Voxels of each pair of segments that share some.
    truth, labels : (n,) float64
        Voxels of the whole true and of the whole predicted segment of each pair.
    first_truth, first_labels : (k,), (m,) int64
        Rows that name every segment of the truth, of the labels once.

    Floating point holds the squares of numbers of voxels, which 64-bit integers do not.
    """

    both: np.ndarray
    truth: np.ndarray
    labels: np.ndarray
    first_truth: np.ndarray
    first_labels: np.ndarray


def contingency(table: Overlap, background: bool) -> Contingency:
    """Return the contingency table of an overlap table.

    Parameters
    ----------
    table : Overlap
        Of a whole image.
    background : bool
        Whether the background of the truth is a segment, too; otherwise its voxels are left out. The
        background of the labels always is one. An image without any object has nothing to compare.
    """
    objects = (table.truth > 0) | (table.labels > 0)
    kept = np.full(len(objects), objects.any()) if background else table.truth > 0
    both = table.voxels[kept].astype(np.float64)
    truth, first_truth = _of_segments(table.truth[kept], both)
    labels, first_labels = _of_segments(table.labels[kept], both)
    return Contingency(both, truth, labels, first_truth, first_labels)


def _of_segments(ids: np.ndarray, voxels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for every row the voxels of its segment, and one row of every segment."""
    _, first, segment = np.unique(ids, return_index=True, return_inverse=True)
    return np.bincount(segment, voxels)[segment], first
