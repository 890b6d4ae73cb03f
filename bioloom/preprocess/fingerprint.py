"""The fingerprint: what the training images and their objects are like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import pandas as pd

from bioloom.errors import BioLoomError
from bioloom.preprocess.classes import balancing, check_objects, class_facts
from bioloom.preprocess.meaning import OBJECTS, Meaning
from bioloom.volumes.store import Volume

POINT_RADIUS = (2.0, 10.0)
"""Least and largest radius of objects of unknown size, in voxels of the finest axis."""


@dataclass(frozen=True)
class ImageFacts:
    """What the fingerprint needs of one training image.

    Parameters
    ----------
    image : str
        Image id.
    shape : tuple of int
        Spatial shape in voxels.
    channels : int
        Number of channels.
    spacing : tuple of float
        Voxel size in micrometres.
    scale : tuple of float
        Per channel, the intensity range that normalisation divides by, in raw units.
    percentiles : dict of str to list of float
        Intensity percentiles per channel, in raw units.
    """

    image: str
    shape: tuple[int, ...]
    channels: int
    spacing: tuple[float, ...]
    scale: tuple[float, ...]
    percentiles: dict[str, list[float]]


def image_facts(image: str, volume: Volume) -> ImageFacts:
    """Collect what the fingerprint needs from an open store; no voxel is read."""
    intensity = volume.facts["intensity"]
    return ImageFacts(
        image,
        volume.spatial,
        volume.channels,
        volume.spacing,
        tuple(intensity["scale"]),
        intensity["percentiles"],
    )


def take_fingerprint(
    images: Sequence[ImageFacts], objects: pd.DataFrame, meaning: Meaning = OBJECTS
) -> dict[str, Any]:
    """Describe the training images.

    Parameters
    ----------
    images : sequence of ImageFacts
        All training images.
    objects : DataFrame
        Their object table, with ``voxels``, ``equivalent_diameter_um``, ``distance_max_um`` and boxes; that
        of points has no sizes, but ``nearest_neighbour_um``, and may have classes.
    meaning : Meaning
        What the labels tell. Of classes there are shares only, for what belongs together has no size.

    Returns
    -------
    dict
        Plain numbers, ready for YAML: shapes, spacing, intensities, object sizes, foreground share.

    Raises
    ------
    BioLoomError
        If only one class is labelled, and none is declared.
    """
    ndim = len(images[0].shape)
    spacing = np.median([i.spacing for i in images], axis=0)
    voxels = sum(prod(i.shape) for i in images)
    names = images[0].percentiles
    facts: dict[str, Any] = {
        "images": len(images),
        "channels": images[0].channels,
        "ndim": ndim,
        "spacing_um": _plain(spacing),
        "anisotropy": _plain(spacing.max() / spacing.min()),
        "median_shape": [int(n) for n in np.median([i.shape for i in images], axis=0)],
        "smallest_shape": [int(n) for n in np.min([i.shape for i in images], axis=0)],
        "intensity_percentiles": {p: _plain(np.median([i.percentiles[p] for i in images], 0)) for p in names},
        "intensity_floor": _plain(0.5 * np.min([i.scale for i in images], axis=0)),
    }
    if meaning.truth == "classes":
        return facts | class_facts(objects, voxels, meaning)
    facts["objects"] = len(objects)
    if len(objects):
        facts |= _of_objects(objects, spacing, voxels) | _class_counts(objects, meaning)
    return facts


def radius_of_points(neighbour_um: float, spacing: np.ndarray) -> float:
    """Return what stands for the median radius of objects whose sizes are not known, in micrometres.

    A quarter of the typical distance to the nearest neighbour, so that blobs of that radius do not touch,
    within limits: points that lie far apart may be small.
    """
    low, high = POINT_RADIUS
    return float(np.clip(neighbour_um / 4, low * spacing.min(), high * spacing.min()))


def _of_objects(objects: pd.DataFrame, spacing: np.ndarray, voxels: int) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    ndim = len(spacing)
    sides = [objects[f"bbox-{a + ndim}"] - objects[f"bbox-{a}"] for a in range(ndim)]
    if "equivalent_diameter_um" in objects:
        facts |= {
            "foreground_share": _plain(objects["voxels"].sum() / voxels),
            "object_voxels": _quantiles(objects["voxels"]),
            "object_diameter_um": _quantiles(objects["equivalent_diameter_um"].dropna()),
            "largest_object": [int(side.max()) for side in sides],
        }
        if objects["distance_max_um"].notna().any():  # missing where an object goes on beyond its image
            facts["median_radius_um"] = _plain(objects["distance_max_um"].median())
    if "nearest_neighbour_um" in objects and objects["nearest_neighbour_um"].notna().any():
        facts["neighbour_um"] = _quantiles(objects["nearest_neighbour_um"].dropna())
        if "equivalent_diameter_um" not in objects:
            facts["median_radius_um"] = _plain(radius_of_points(facts["neighbour_um"]["50"], spacing))
    return facts


def _class_counts(objects: pd.DataFrame, meaning: Meaning) -> dict[str, Any]:
    """Return how many objects each class has, and the ids of classes where these are numbers."""
    if "class" not in objects or not (objects["class"] != "").any():
        return {}
    counts = objects.loc[objects["class"] != "", "class"].value_counts()
    facts: dict[str, Any] = {"class_objects": {str(k): int(n) for k, n in counts.items()}}
    if meaning.truth == "points":
        bare = int((objects["class"] == "").sum())
        if bare:
            raise BioLoomError(
                f"{bare} of {len(objects)} training points have no class, the others have",
                allowed="a class for every point, or for none",
                fix="fill the column `class`, or remove it",
            )
        return facts
    ids = sorted(map(int, counts.index)) if meaning.classes == "auto" else [i for i in meaning.classes if i]
    check_objects(ids)
    voxels = objects.groupby("class")["voxels"].sum()
    weights = balancing([float(voxels.get(str(id_), 0)) for id_ in ids])
    return facts | {
        "classes": ids,
        "class_weights": {str(i): _plain(w) for i, w in zip(ids, weights, strict=True)},
    }


def _quantiles(values: pd.Series) -> dict[str, float]:
    return {str(q): _plain(np.percentile(values, q)) for q in (1, 5, 50, 95, 99)}


def _plain(value: Any) -> Any:
    """Return floats of six significant digits, or a list of them."""
    if np.ndim(value):
        return [_plain(v) for v in value]
    return float(f"{float(value):.6g}")
