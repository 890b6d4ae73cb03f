"""What is known about whole objects, also where a window shows only a part of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioloom.errors import BioLoomError

LARGEST_TABLE = 1 << 22
"""Labels up to here are looked up by a table of that many entries, larger ones by bisection."""


@dataclass(frozen=True)
class ObjectFacts:
    """Facts of whole objects, one entry per object.

    Parameters
    ----------
    ids : ndarray of int, shape (n,)
        Labels, ascending.
    centroids : ndarray of float64, shape (n, ndim)
        The objects' centers in voxels of the array that they are used with; may lie outside of it.
    distance_max_um : ndarray of float64, shape (n,)
        Largest distance of a voxel of the object to the nearest voxel outside of it, in micrometres.
        Infinite where it is not known: for an object that reaches a face at which its image was cut out
        of the file. Then the center is not known either.
    median_radius_um : float
        Median of `distance_max_um` over the objects of the training images.
    classes : ndarray of str, shape (n,), optional
        The name or id of the class of each, where these are known.
    """

    ids: NDArray[np.int64]
    centroids: NDArray[np.float64]
    distance_max_um: NDArray[np.float64]
    median_radius_um: float
    classes: NDArray[np.str_] | None = None

    @classmethod
    def from_table(cls, table: Mapping[str, Any], ndim: int, median_radius_um: float) -> ObjectFacts:
        """Take the facts of one image from its rows of an object table (``label``, ``centroid-0``, ...)."""
        ids = np.asarray(table["label"], np.int64)
        order = np.argsort(ids)
        centroids = [np.asarray(table[f"centroid-{axis}"], np.float64) for axis in range(ndim)]
        distance = np.asarray(table["distance_max_um"], np.float64)
        distance = np.where(np.isnan(distance), np.inf, distance)
        classes = np.asarray(table["class"]).astype(np.str_)[order] if "class" in table else None
        return cls(ids[order], np.stack(centroids, axis=1)[order], distance[order], median_radius_um, classes)

    def rows(self, labels: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return for every label the position of its object.

        Parameters
        ----------
        labels : ndarray of int, any shape
            Labels of objects, all positive.

        Raises
        ------
        BioLoomError
            For a label that has no facts: the object table belongs to other labels.
        """
        if labels.size == 0:
            return np.zeros(labels.shape, np.int64)
        largest = int(labels.max())
        if largest < LARGEST_TABLE:
            table = np.full(largest + 1, -1, np.int64)
            known = self.ids <= largest
            table[self.ids[known]] = np.flatnonzero(known)
            rows = table[labels]
        else:
            rows = np.searchsorted(self.ids, labels)
            rows[np.append(self.ids, -1)[rows] != labels] = -1
        if (rows < 0).any():
            raise BioLoomError(
                f"label {labels[rows < 0][0]} is missing in the object table",
                fix="measure the labels again: the table was made from other labels",
            )
        return rows

    def take(self, ids: NDArray[np.integer]) -> ObjectFacts:
        """Return the facts of some objects under new labels 1, 2, ... in the order of `ids`."""
        rows = self.rows(ids)
        return replace(
            self,
            ids=np.arange(1, len(rows) + 1),
            centroids=self.centroids[rows],
            distance_max_um=self.distance_max_um[rows],
            classes=None if self.classes is None else self.classes[rows],
        )

    def moved(self, centroids: NDArray[np.float64], scale: float = 1.0) -> ObjectFacts:
        """Return the facts after a geometric map: centers replaced, distances multiplied by `scale`."""
        return replace(self, centroids=centroids, distance_max_um=self.distance_max_um * scale)
