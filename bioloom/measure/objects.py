"""The object table: one row per object, in voxels of the image and in micrometres."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, prod
from typing import Any

import numpy as np
import pandas as pd

from bioloom.errors import BioLoomError
from bioloom.measure.distance import boundary_distance
from bioloom.measure.moments import Moments, accumulate, centered


def measure_objects(
    labels: np.ndarray,
    image: np.ndarray | None,
    spacing: Sequence[float],
    channel_names: Sequence[str] = (),
    *,
    image_id: str,
    distances: bool = False,
) -> pd.DataFrame:
    """Measure all objects of one image.

    The same table comes from blocks: ``finish(merge([accumulate(...), ...]), ...)``.

    Parameters
    ----------
    labels : (*spatial) integer
        Object ids, 0 for background.
    image : (C, *spatial), optional
        Intensities to average per object.
    spacing : sequence of float
        Voxel size in micrometres, spatial order.
    channel_names : sequence of str
        One name per channel; "0", "1", ... when empty.
    image_id : str
        What stands in the column ``image``.
    distances : bool
        Whether to measure ``distance_max_um``, as truth tables want it.

    Returns
    -------
    DataFrame
        See `finish`.

    Raises
    ------
    BioLoomError
        For labels that are no ids, or an image, spacing or channel names that do not fit them.
    """
    _check(labels.ndim, 0 if image is None else len(image), labels.shape, spacing, channel_names)
    distance = boundary_distance(labels, spacing) if distances else None
    moments = accumulate(labels, image, distance=distance)
    return finish(moments, labels.shape, spacing, channel_names, image_id=image_id)


def finish(
    moments: Moments,
    shape: Sequence[int],
    spacing: Sequence[float],
    channel_names: Sequence[str] = (),
    *,
    image_id: str,
) -> pd.DataFrame:
    """Turn the moments of a whole image into its object table, sorted by label.

    Parameters
    ----------
    moments : Moments
        Of all blocks of the image.
    shape : sequence of int
        Spatial shape of the image, which decides what touches the border.
    spacing, channel_names, image_id
        As in `measure_objects`.

    Returns
    -------
    DataFrame
        ``image``, ``label``; ``centroid-<axis>`` in voxels (a voxel's centre is an integer); ``bbox-<i>``,
        half-open, all minima then all maxima; ``voxels``; ``area_um2`` or ``volume_um3``;
        ``equivalent_diameter_um``, the diameter of the disc or ball of that size; ``eccentricity`` (2D) of
        the ellipse with the same second moments, 0 for a disc and 1 for a line; ``intensity_mean-<channel>``;
        ``touches_border``; ``distance_max_um``, if distances were accumulated. The definitions are those of
        ``skimage.measure.regionprops``, with `spacing`.
    """
    ndim = moments.ndim
    _check(ndim, moments.intensity.shape[1], shape, spacing, channel_names)
    centroids, covariance = centered(moments)
    size = moments.voxels * prod(float(step) for step in spacing)
    names = channel_names or [str(channel) for channel in range(moments.intensity.shape[1])]
    columns: dict[str, Any] = {
        "image": pd.Series(image_id, range(len(moments)), dtype="str"),
        "label": moments.ids,
    }
    columns |= {f"centroid-{axis}": centroids[:, axis] for axis in range(ndim)}
    box = np.concatenate([moments.start, moments.stop], axis=1)
    columns |= {f"bbox-{side}": box[:, side] for side in range(2 * ndim)}
    columns["voxels"] = moments.voxels
    columns["area_um2" if ndim == 2 else "volume_um3"] = size
    columns["equivalent_diameter_um"] = (2 * ndim * size / pi) ** (1 / ndim)
    if ndim == 2:
        columns["eccentricity"] = _eccentricity(covariance * np.outer(spacing, spacing))
    means = moments.intensity / moments.voxels[:, None]
    columns |= {f"intensity_mean-{name}": means[:, channel] for channel, name in enumerate(names)}
    columns["touches_border"] = touches_border(moments, shape)
    if moments.distance.shape[1]:
        columns["distance_max_um"] = moments.distance[:, 0]
    return pd.DataFrame(columns)


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


def _eccentricity(covariance: np.ndarray) -> np.ndarray:
    """Eccentricity of the ellipses with these (n, 2, 2) second moments; 0 for a single voxel."""
    small, large = np.linalg.eigvalsh(covariance).T
    ratio = np.divide(np.clip(small, 0, None), large, out=np.ones_like(large), where=large > 0)
    return np.sqrt(1 - ratio)


def _check(
    ndim: int, channels: int, shape: Sequence[int], spacing: Sequence[float], channel_names: Sequence[str]
) -> None:
    if not len(shape) == len(spacing) == ndim or min(spacing) <= 0:
        raise BioLoomError(
            f"voxel size {tuple(spacing)} for labels with {ndim} spatial axes",
            allowed="one positive number of micrometres per spatial axis",
        )
    if channel_names and (len(channel_names) != channels or len(set(channel_names)) != channels):
        raise BioLoomError(
            f"channel names {list(channel_names)} for {channels} channels",
            allowed="one name per channel, all different",
        )
