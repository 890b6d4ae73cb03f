"""The object table of points: of a table of points, or of the centers of labelled objects."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.measure.centers import nearest_voxel
from bioloom.measure.volume import measure_volume
from bioloom.volumes.points import POINTS, POINTS_FILE, Points, read_points

LARGEST_READ = 2**26
"""Labels up to this many voxels are read as a whole to look for centers, larger ones object by object."""


def measure_points(labels: Any, *, image_id: str) -> pd.DataFrame:
    """Return the object table of points.

    Parameters
    ----------
    labels : Volume
        Labels of objects, or of points (the fact ``points``), whose table lies in the store.
    image_id : str
        Image id.

    Returns
    -------
    DataFrame
        A row per point with ``image``, ``label``, its ``centroid-...``, ``voxels``, ``bbox-...``,
        ``nearest_neighbour_um`` (NaN for a point alone) and ``distance_max_um``. Objects have their sizes,
        too, and their centroid is moved to the nearest voxel of the object if it lies outside of it (a
        ring, a crescent). Points have the column ``class``, and 0 for ``distance_max_um``.
    """
    if POINTS in labels.facts:
        table = _of_points(read_points(labels.path / POINTS_FILE), labels.spatial, image_id)
    else:
        table = measure_volume(labels, None, image_id=image_id, distances=True)
        _move_inside(table, labels)
    table["nearest_neighbour_um"] = nearest_neighbour(centers_of(table, len(labels.spatial)), labels.spacing)
    return table


def centers_of(table: pd.DataFrame, ndim: int) -> NDArray[np.float64]:
    """Return the centers in an object table, ``(n, ndim)``, voxels."""
    return table[[f"centroid-{axis}" for axis in range(ndim)]].to_numpy(np.float64)


def true_points(table: pd.DataFrame, ndim: int) -> Points:
    """Return the points in the object table of one image."""
    return Points.of(centers_of(table, ndim), table["class"].to_numpy(object) if "class" in table else None)


def nearest_neighbour(places: NDArray[np.float64], spacing: tuple[float, ...]) -> NDArray[np.float64]:
    """Return how far the nearest other point is from each, micrometres; NaN for a point alone."""
    from scipy.spatial import cKDTree

    if len(places) < 2:
        return np.full(len(places), np.nan)
    um = places * np.asarray(spacing)
    return np.asarray(cKDTree(um).query(um, k=2)[0][:, 1], np.float64)


def _of_points(points: Points, shape: tuple[int, ...], image_id: str) -> pd.DataFrame:
    voxels = points.voxels()
    columns: dict[str, Any] = {"image": image_id, "label": np.arange(1, len(points) + 1)}
    columns |= {f"centroid-{axis}": points.places[:, axis] for axis in range(len(shape))}
    columns["voxels"] = np.ones(len(points), np.int64)
    columns |= {f"bbox-{axis}": voxels[:, axis] for axis in range(len(shape))}
    columns |= {f"bbox-{axis + len(shape)}": voxels[:, axis] + 1 for axis in range(len(shape))}
    return pd.DataFrame(columns | {"class": points.classes.astype(str), "distance_max_um": 0.0})


def _move_inside(table: pd.DataFrame, labels: Any) -> None:
    """Move centroids that lie outside of their object to its nearest voxel."""
    ndim, shape = len(labels.spatial), labels.spatial
    values = labels.read()[0] if prod(shape) <= LARGEST_READ else None

    def read(box: Box) -> NDArray[Any]:
        part: NDArray[Any] = labels.read(box)[0] if values is None else values[box.slices]
        return part

    centers = centers_of(table, ndim).copy()
    for row, id_ in enumerate(table["label"]):
        voxel = nearest_voxel(read, shape, labels.spacing, int(id_), centers[row])
        if voxel is not None:
            centers[row] = voxel
    for axis in range(ndim):
        table[f"centroid-{axis}"] = centers[:, axis]
