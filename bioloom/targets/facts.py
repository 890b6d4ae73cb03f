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
    half_lengths : ndarray of float64, shape (n, ndim), optional
        How far from the center the object goes along each axis, in voxels of the image before any map.
    """

    ids: NDArray[np.int64]
    centroids: NDArray[np.float64]
    distance_max_um: NDArray[np.float64]
    median_radius_um: float
    classes: NDArray[np.str_] | None = None
    half_lengths: NDArray[np.float64] | None = None

    @classmethod
    def from_table(cls, table: Mapping[str, Any], ndim: int, median_radius_um: float) -> ObjectFacts:
        """Take the facts of one image from its rows of an object table (``label``, ``centroid-0``, ...)."""
        ids = np.asarray(table["label"], np.int64)
        order = np.argsort(ids)
        centroids = [np.asarray(table[f"centroid-{axis}"], np.float64) for axis in range(ndim)]
        distance = np.asarray(table["distance_max_um"], np.float64)
        distance = np.where(np.isnan(distance), np.inf, distance)
        classes = np.asarray(table["class"]).astype(np.str_)[order] if "class" in table else None
        places, half = np.stack(centroids, axis=1), None
        if "bbox-0" in table:
            ends = np.stack(
                [np.asarray(table[f"bbox-{side}"], np.float64) for side in range(2 * ndim)], axis=1
            )
            half = np.maximum(places - ends[:, :ndim], ends[:, ndim:] - 1 - places)[order]
        return cls(ids[order], places[order], distance[order], median_radius_um, classes, half)

    def reach_um(self, spacing: tuple[float, ...]) -> NDArray[np.float64]:
        """Return how far each object goes from its center along any axis, in micrometres, shape (n,).

        At least one voxel; infinite where it is not known. Without `half_lengths` it is the largest distance
        to the boundary, which is right for balls.
        """
        if self.half_lengths is None:
            return np.maximum(self.distance_max_um, min(spacing))
        reach = (self.half_lengths * spacing).max(axis=1, initial=min(spacing))
        return np.where(np.isfinite(self.distance_max_um), reach, np.inf)

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
            half_lengths=None if self.half_lengths is None else self.half_lengths[rows],
        )

    def moved(self, centroids: NDArray[np.float64], scale: float = 1.0) -> ObjectFacts:
        """Return the facts after a geometric map: centers replaced, lengths multiplied by `scale`."""
        return replace(
            self,
            centroids=centroids,
            distance_max_um=self.distance_max_um * scale,
            half_lengths=None if self.half_lengths is None else self.half_lengths * scale,
        )
