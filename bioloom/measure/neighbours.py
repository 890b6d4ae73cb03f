"""Neighbours of objects: how many touch, and how far the nearest centroid is."""

from __future__ import annotations

import numpy as np


def count_touching(ids: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the number of other objects that each object touches.

    Parameters
    ----------
    ids : (n,) int64
        All objects, sorted.
    pairs : (m, 2) int64
        The objects that touch, each pair once.

    Returns
    -------
    (n,) int64
    """
    return np.bincount(np.searchsorted(ids, pairs.reshape(-1)), minlength=len(ids))


def nearest_distance(centroids: np.ndarray) -> np.ndarray:
    """Return how far the nearest other centroid is.

    Parameters
    ----------
    centroids : (n, d) float64
        In micrometres.

    Returns
    -------
    (n,) float64
        Micrometres; NaN for a single object.
    """
    from scipy.spatial import cKDTree

    if len(centroids) < 2:
        return np.full(len(centroids), np.nan)
    distances, _ = cKDTree(centroids).query(centroids, k=2)
    return np.asarray(distances[:, 1])
