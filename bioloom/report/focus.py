"""Where to look in an image: which slice, which crop.

Decided from the object tables alone, so an image of any size costs nothing here. An object without a mutual
nearest neighbour in the other table is a *suspect*: it is probably missed or invented.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from bioloom.geometry.box import Box


def extents(table: pd.DataFrame, ndim: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first voxel and the voxel after the last of every object, integers (n, ndim) each."""
    corners = table[[f"bbox-{index}" for index in range(2 * ndim)]].to_numpy(np.int64)
    return corners[:, :ndim], corners[:, ndim:]


def crossing(table: pd.DataFrame, box: Box) -> pd.DataFrame:
    """Return the rows whose bounding box meets `box`."""
    first, stop = extents(table, box.ndim)
    return table[np.all((first < box.stop) & (stop > box.start), axis=1)]


def suspects(
    truth: pd.DataFrame, found: pd.DataFrame, spacing: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return which objects of the truth and of the result have no plausible partner.

    Parameters
    ----------
    truth, found : DataFrame
        Object tables of one image.
    spacing : tuple of float
        Voxel size in micrometres.

    Returns
    -------
    truth_alone : bool array (n,)
    found_alone : bool array (m,)
        A pair is plausible when each is the other's nearest and they lie within half an equivalent diameter.
    """
    ndim = len(spacing)
    if truth.empty or found.empty:
        return np.ones(len(truth), bool), np.ones(len(found), bool)
    columns = [f"centroid-{axis}" for axis in range(ndim)]
    places, others = truth[columns].to_numpy(float) * spacing, found[columns].to_numpy(float) * spacing
    distance, nearest = cKDTree(others).query(places)
    _, back = cKDTree(places).query(others)
    mutual = back[nearest] == np.arange(len(places))
    paired = mutual & (distance <= truth["equivalent_diameter_um"].to_numpy(float) / 2)
    found_alone = np.ones(len(found), bool)
    found_alone[nearest[paired]] = False
    return ~paired, found_alone


def busiest_slice(first: np.ndarray, stop: np.ndarray, length: int) -> int:
    """Return the slice of an axis that most objects cross; the one nearest the middle wins a tie.

    Parameters
    ----------
    first, stop : integer arrays (n,)
        Half-open range of every object along the axis.
    length : int
        Number of slices.
    """
    steps = np.bincount(np.clip(first, 0, length), minlength=length + 1)
    steps = steps - np.bincount(np.clip(stop, 0, length), minlength=length + 1)
    crossings = np.cumsum(steps)[:length]
    best = np.flatnonzero(crossings == crossings.max())
    return int(best[np.argmin(np.abs(best - (length - 1) / 2))])


def densest_window(points: np.ndarray, shape: tuple[int, int], side: int) -> Box:
    """Return the window of at most `side` pixels a side that holds most points, moved inside the plane.

    Parameters
    ----------
    points : float array (n, 2)
        Positions in pixels of the plane; without any the window is the central one.
    shape : (int, int)
        Shape of the plane.
    side : int
        Wanted side of the window in pixels.
    """
    middle = np.array(shape) / 2
    if len(points):
        inside = cKDTree(points).query_ball_point(points, side / 2, p=np.inf, return_length=True)
        middle = points[int(np.argmax(inside))]
    start = [
        int(np.clip(round(m - side / 2), 0, max(0, n - side))) for m, n in zip(middle, shape, strict=True)
    ]
    return Box(tuple(start), tuple(min(n, a + side) for a, n in zip(start, shape, strict=True)))
