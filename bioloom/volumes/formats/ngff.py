"""What the attributes of an OME-Zarr image say: its levels, axes, voxel size and channels.

Sources: https://ngff.openmicroscopy.org, versions 0.1 to 0.5; the last keeps all of it under the key "ome".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

from bioloom.volumes.formats.axes import MICROMETRES, letters_of

_BEFORE_AXES = "TCZYX"
"""The axes of versions 0.1 and 0.2, which do not name them."""


def multiscale_of(attributes: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the first image of a group (version 0.4 calls the others alternatives), None if it is none."""
    images = attributes.get("ome", attributes).get("multiscales")
    return images[0] if images else None


def levels_of(multiscale: Mapping[str, Any]) -> list[str]:
    """Return the paths of the arrays of an image, the finest first."""
    return [dataset["path"] for dataset in multiscale["datasets"]]


def axes_of(multiscale: Mapping[str, Any]) -> str:
    """Return a letter per axis; version 0.3 lists names, later ones objects with a name."""
    axes = multiscale.get("axes")
    if axes is None:
        return _BEFORE_AXES
    return letters_of(axis["name"] if isinstance(axis, dict) else axis for axis in axes)


def sizes_of(multiscale: Mapping[str, Any], level: str) -> dict[str, float]:
    """Return the micrometres per voxel of a level by axis, as far as they are known.

    A scale without a unit is taken for micrometres, unless it is 1 along all spatial axes: that is what
    programs write that know no size.
    """
    letters = axes_of(multiscale)
    dataset = next(d for d in multiscale["datasets"] if d["path"] == level)
    both = [_scale(where.get("coordinateTransformations"), len(letters)) for where in (dataset, multiscale)]
    scale = dict(zip(letters, (prod(pair) for pair in zip(*both, strict=True)), strict=True))
    axes = multiscale.get("axes") or letters
    units = [axis.get("unit") if isinstance(axis, dict) else None for axis in axes]
    told = any(scale[axis] != 1 for axis in letters if axis in "ZYX")
    factors = [MICROMETRES.get(unit) if unit else 1.0 if told else None for unit in units]
    return {
        axis: scale[axis] * factor
        for axis, factor in zip(letters, factors, strict=True)
        if axis in "ZYX" and factor is not None
    }


def channel_names_of(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the channels, none if they are not told."""
    channels = attributes.get("ome", attributes).get("omero", {}).get("channels", [])
    return tuple(str(channel.get("label", "")) for channel in channels)


def _scale(transformations: Iterable[Mapping[str, Any]] | None, ndim: int) -> list[float]:
    scales = [list(map(float, t["scale"])) for t in transformations or () if t.get("type") == "scale"]
    return [float(prod(numbers)) for numbers in zip([1.0] * ndim, *scales, strict=True)]
