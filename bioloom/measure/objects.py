"""The object table: one row per object, in voxels of the image and in micrometres."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, pi, prod
from typing import Any

import numpy as np
import pandas as pd

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.measure import ellipsoid
from bioloom.measure.distance import boundary_distance
from bioloom.measure.hull import hull_pixels
from bioloom.measure.moments import Moments, centered
from bioloom.measure.neighbours import count_touching, nearest_distance
from bioloom.measure.runs import checked_labels
from bioloom.measure.sums import Sums, count


def measure_objects(
    labels: np.ndarray,
    image: np.ndarray | None,
    spacing: Sequence[float],
    channel_names: Sequence[str] = (),
    *,
    image_id: str,
    distances: bool = False,
    details: bool = False,
) -> pd.DataFrame:
    """Measure all objects of one image.

    The same table comes from blocks: ``finish(add_up([count(...), ...]), ...)``.

    Parameters
    ----------
    labels : (*spatial) integer
        Object ids, 0 for background.
    image : (C, *spatial), optional
        Intensities.
    spacing : sequence of float
        Voxel size in micrometres, spatial order.
    channel_names : sequence of str
        One name per channel; "0", "1", ... when empty.
    image_id : str
        What stands in the column ``image``.
    distances : bool
        Whether to measure ``distance_max_um``, as truth tables want it.
    details : bool
        Whether to measure all else: surface, axes, convex hull, neighbours, spread of intensities.

    Returns
    -------
    DataFrame
        See `finish`.

    Raises
    ------
    BioLoomError
        For labels that are no ids, or an image, spacing or channel names that do not fit them.
    """
    check_spacing(spacing, labels.ndim)
    whole = Box.of(labels.shape)
    labels = checked_labels(labels)
    distance = boundary_distance(labels, spacing) if distances else None
    wanted = spacing if details else None
    sums = count(labels, image, whole, whole, whole, distance=distance, details=wanted)
    return finish(sums, labels.shape, spacing, channel_names, image_id=image_id)


def finish(
    sums: Sums,
    shape: Sequence[int],
    spacing: Sequence[float],
    channel_names: Sequence[str] = (),
    *,
    image_id: str,
) -> pd.DataFrame:
    """Turn the sums of a whole image into its object table, sorted by label.

    Parameters
    ----------
    sums : Sums
        Of all blocks of the image.
    shape : sequence of int
        Spatial shape of the image, which decides what touches the border.
    spacing, channel_names, image_id
        As in `measure_objects`.

    Returns
    -------
    DataFrame
        The columns are described in ``docs/measures.md``. Those that come with details are left out without
        them, ``distance_max_um`` if no distances were accumulated.
    """
    moments, intensity = sums.moments, sums.intensity
    ndim = moments.ndim
    check_spacing(spacing, ndim)
    channels = intensity.total.shape[1]
    _check_names(channel_names, channels)
    centroids, covariance = centered(moments)
    columns: dict[str, Any] = {
        "image": pd.Series(image_id, range(len(moments)), dtype="str"),
        "label": moments.ids,
    }
    columns |= {f"centroid-{axis}": centroids[:, axis] for axis in range(ndim)}
    box = np.concatenate([moments.start, moments.stop], axis=1)
    columns |= {f"bbox-{side}": box[:, side] for side in range(2 * ndim)}
    columns["voxels"] = moments.voxels
    columns |= _shapes(sums, covariance * np.outer(spacing, spacing), prod(float(step) for step in spacing))
    statistics = {"mean": intensity.mean}
    if sums.cells is not None:
        statistics |= {"std": intensity.std, "min": intensity.lowest, "max": intensity.highest}
    for name, values in statistics.items():
        names = channel_names or range(channels)
        columns |= {f"intensity_{name}-{channel}": values[:, at] for at, channel in enumerate(names)}
    columns["touches_border"] = touches_border(moments, shape)
    if sums.cells is not None:
        columns["neighbours"] = count_touching(moments.ids, sums.cells.pairs)
        columns["nearest_neighbour_um"] = nearest_distance(centroids * spacing)
    if moments.distance.shape[1]:
        columns["distance_max_um"] = moments.distance[:, 0]
    return pd.DataFrame(columns)


def _shapes(sums: Sums, covariance: np.ndarray, voxel_size: float) -> dict[str, np.ndarray]:
    """The columns of size and shape, from second moments in micrometres and the size of a voxel."""
    moments, ndim = sums.moments, sums.moments.ndim
    size = moments.voxels * voxel_size
    lengths = ellipsoid.axis_lengths(covariance)
    columns = {
        "area_um2" if ndim == 2 else "volume_um3": size,
        "equivalent_diameter_um": (2 * ndim * size / pi) ** (1 / ndim),
    }
    if sums.cells is not None:
        surface = sums.cells.surface
        if ndim == 2:
            columns |= {"perimeter_um": surface, "circularity": 4 * pi * size / surface**2}
        else:
            sphericity = pi ** (1 / 3) * (6 * size) ** (2 / 3) / surface
            columns |= {"surface_area_um2": surface, "sphericity": sphericity}
        axes = ("major", "minor") if ndim == 2 else ("major", "middle", "minor")
        columns |= {f"axis_{axis}_length_um": lengths[:, at] for at, axis in enumerate(axes)}
        columns["elongation"] = ellipsoid.elongation(lengths)
    if ndim == 2:
        columns["eccentricity"] = ellipsoid.eccentricity(lengths)
    if sums.cells is not None and ndim == 3:
        columns["flatness"] = ellipsoid.flatness(lengths)
    if sums.hulls is not None:
        columns["orientation_rad"] = ellipsoid.orientation(covariance)
        columns["solidity"] = moments.voxels / hull_pixels(sums.hulls)
    return columns


def touches_border(moments: Moments, shape: Sequence[int]) -> np.ndarray:
    """Return whether each object's box reaches the image's border.

    Axes of length 1 do not count: in a single plane every object would touch the border.

    Parameters
    ----------
    moments : Moments
        Of n objects.
    shape : sequence of int
        Spatial shape of the image.

    Returns
    -------
    (n,) bool
    """
    thick = np.asarray(shape) > 1
    reaches = (moments.start <= 0) | (moments.stop >= np.asarray(shape))
    return np.asarray(np.any(reaches & thick, axis=1))


def check_spacing(spacing: Sequence[float], ndim: int) -> None:
    """Raise a `BioLoomError` unless there is one positive number of micrometres per spatial axis."""
    if len(spacing) != ndim or not all(isfinite(step) and step > 0 for step in spacing):
        raise BioLoomError(
            f"voxel size {tuple(spacing)} for labels with {ndim} spatial axes",
            allowed="one positive number of micrometres per spatial axis",
        )


def _check_names(channel_names: Sequence[str], channels: int) -> None:
    if channel_names and (len(channel_names) != channels or len(set(channel_names)) != channels):
        raise BioLoomError(
            f"channel names {list(channel_names)} for {channels} channels",
            allowed="one name per channel, all different",
        )
