"""The OME-NGFF 0.5 attributes of a store: written, and read back with plain words for what is wrong.

Sources: https://ngff.openmicroscopy.org/0.5 (multiscales, omero, image-label).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bioloom.errors import BioLoomError

VERSION = "0.5"
OWN = "bioloom"
COLOURS = ("00FF00", "FF00FF", "00FFFF", "FFFF00", "FF0000", "0000FF")
RGB = {"red": "FF0000", "green": "00FF00", "blue": "0000FF"}


def attributes(
    scales: list[tuple[float, ...]],
    *,
    labels: bool,
    dtype: np.dtype,
    channel_names: tuple[str, ...],
    facts: dict[str, Any],
    times: bool = False,
) -> dict[str, Any]:
    """Return the attributes of a store.

    Parameters
    ----------
    scales : list of tuple of float
        Voxel size of every level, micrometres, spatial order.
    labels : bool
        Whether the values are labels, which a pyramid samples and never averages.
    dtype : numpy.dtype
        The dtype of the values, for the display window.
    channel_names : tuple of str
        One name per channel.
    facts : dict
        Facts of our own, JSON.
    times : bool, default False
        Whether time is an axis before all others, as in an export; a step of it has no length.
    """
    axes = [{"name": "t", "type": "time"}] if times else []
    axes += [{"name": "c", "type": "channel"}]
    axes += [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"[-len(scales[0]) :]]
    # No name: a store made under a temporary name has the same bytes as one made in place.
    multiscale = {
        "axes": axes,
        "datasets": [
            _dataset(level, scale, scales[0], len(axes) - len(scale)) for level, scale in enumerate(scales)
        ],
        "type": "nearest" if labels else "mean",
    }
    ome: dict[str, Any] = {"version": VERSION, "multiscales": [multiscale]}
    if labels:
        ome["image-label"] = {"version": VERSION}
    else:
        ome["omero"] = {"channels": _channels(channel_names, dtype, facts)}
    return {"ome": ome, OWN: facts}


def read_attributes(path: Path) -> dict[str, Any]:
    """Return the attributes of the store at `path`, which must be laid out as ours are.

    Raises
    ------
    BioLoomError
        If the store is missing, damaged, of another NGFF version, or has other axes or units.
    """
    file = path / "zarr.json"
    if not file.is_file():
        version2 = (path / ".zattrs").is_file()
        got = (
            f"{path} is an OME-Zarr 0.4 (zarr v2) store"
            if version2
            else f"there is no OME-Zarr store at {path}"
        )
        raise BioLoomError(got, allowed="OME-Zarr 0.5", fix="run the step that writes it")
    try:
        found = json.loads(file.read_bytes())["attributes"]
        axes = [(axis["name"], axis.get("unit")) for axis in found["ome"]["multiscales"][0]["axes"]]
        version = found["ome"]["version"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise BioLoomError(
            f"{file} is damaged or describes no picture ({error!r})",
            fix="delete the store; it is then made again",
        ) from None
    allowed = [[("c", None), *((a, "micrometer") for a in order)] for order in ("yx", "zyx")]
    if version != VERSION or axes not in allowed:
        got = ",".join(axis for axis, _ in axes)
        raise BioLoomError(
            f"{path} is a foreign store (OME-NGFF {version}, axes {got})",
            allowed=f"OME-NGFF {VERSION}, axes c,y,x or c,z,y,x in micrometres",
            fix="give it as an input image; `preprocess` converts it",
        )
    return found


def scales_of(found: dict[str, Any]) -> list[tuple[float, ...]]:
    """Return the voxel size of every level from the attributes of a store, micrometres, spatial order."""
    datasets = found["ome"]["multiscales"][0]["datasets"]
    return [tuple(map(float, d["coordinateTransformations"][0]["scale"][1:])) for d in datasets]


def channel_names_of(found: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the channels from the attributes of a store (none for labels)."""
    channels = found["ome"].get("omero", {}).get("channels", [])
    return tuple(str(channel.get("label", "")) for channel in channels)


def is_labels(found: dict[str, Any]) -> bool:
    """Return whether the attributes are those of a label image."""
    return "image-label" in found["ome"]


def _dataset(level: int, scale: tuple[float, ...], first: tuple[float, ...], leading: int) -> dict[str, Any]:
    """Return a level; `leading` axes come before those of space."""
    transformations: list[dict[str, Any]] = [{"type": "scale", "scale": [1.0] * leading + list(scale)}]
    if level:
        # NGFF counts from voxel centres; the centre of a voxel of a coarser level lies between those it
        # stands for.
        shift = [(s - f) / 2 for s, f in zip(scale, first, strict=True)]
        transformations.append({"type": "translation", "translation": [0.0] * leading + shift})
    return {"path": str(level), "coordinateTransformations": transformations}


def _channels(names: tuple[str, ...], dtype: np.dtype, facts: dict[str, Any]) -> list[dict[str, Any]]:
    low, high = (0.0, 1.0) if dtype.kind == "f" else (float(np.iinfo(dtype).min), float(np.iinfo(dtype).max))
    intensity = facts.get("intensity", {})
    # Numbers per channel: measured ones where there are any, the range of the dtype elsewhere.
    least = intensity.get("min", [low] * len(names))
    most = intensity.get("max", [high] * len(names))
    start = intensity.get("percentiles", {}).get("1", least)
    end = intensity.get("percentiles", {}).get("99.8", most)
    channels = []
    for index, name in enumerate(names):
        colour = RGB.get(name, COLOURS[index % len(COLOURS)]) if len(names) > 1 else "FFFFFF"
        window = {"min": least[index], "max": most[index], "start": start[index], "end": end[index]}
        channels.append({"label": name, "color": colour, "active": True, "window": window})
    return channels


def calibration_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a store that is made from another has to know of its voxel size: that it is not known."""
    return {} if facts.get("spacing_known", True) else {"spacing_known": False}
