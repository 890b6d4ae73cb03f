"""What files call their axes and units, and arrays whose axes of length 1 do not count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bioloom.volumes.formats.foreign import ArrayLike, Foreign, open_foreign

MICROMETRES = {
    **dict.fromkeys(("µm", "μm", "um", "\\u00B5m", "micron", "microns"), 1.0),
    **dict.fromkeys(("micrometer", "micrometers", "micrometre", "micrometres"), 1.0),
    **dict.fromkeys(("pm", "picometer", "picometers"), 1e-6),
    **dict.fromkeys(("Å", "angstrom", "angstroms"), 1e-4),
    **dict.fromkeys(("nm", "nanometer", "nanometers"), 1e-3),
    **dict.fromkeys(("mm", "millimeter", "millimeters"), 1e3),
    **dict.fromkeys(("cm", "centimeter", "centimeters"), 1e4),
    **dict.fromkeys(("m", "meter", "meters"), 1e6),
    **dict.fromkeys(("inch", "inches"), 25400.0),
}
"""Micrometres in the units that files name."""
PLAIN = {2: "YX", 3: "ZYX", 4: "CZYX"}
"""What the axes of an array are taken for that does not name them."""
_LETTERS = {
    **dict.fromkeys(("t", "time", "frame", "frames"), "T"),
    **dict.fromkeys(("c", "ch", "channel", "channels"), "C"),
    **dict.fromkeys(("z", "depth", "plane", "planes"), "Z"),
    **dict.fromkeys(("y", "row", "rows", "height"), "Y"),
    **dict.fromkeys(("x", "col", "column", "columns", "width"), "X"),
    **dict.fromkeys(("s", "sample", "samples", "rgb"), "S"),
}


def letters_of(names: Iterable[str]) -> str:
    """Return a letter for every name of an axis, Q for those that say nothing to us."""
    return "".join(_LETTERS.get(str(name).strip().lower(), "Q") for name in names)


def open_array(
    path: Path,
    source: ArrayLike,
    axes: str | None,
    given: str | None,
    *,
    labels: bool,
    sizes: Mapping[str, float] | None = None,
    channel_names: tuple[str, ...] = (),
) -> Foreign:
    """Return an image (see `open_foreign`) without its axes of length 1, except those that the user names.

    Parameters
    ----------
    path : Path
        The file, and the place in it.
    source : ArrayLike
        Its voxels.
    axes : str, optional
        A letter per axis; None if the file says nothing, then two are ``YX``, three ``ZYX``, four ``CZYX``.
    given : str, optional
        What the user says about the axes.
    labels : bool
        Whether these are labels.
    sizes : mapping, optional
        Micrometres per voxel along the axes Z, Y, X, as far as they are known.
    channel_names : tuple of str, optional
        Names of the channels.
    """
    known = sizes or {}
    source, letters = _squeezed(source, axes or "Q" * len(source.shape), given)
    if axes is None:
        letters = PLAIN.get(len(letters), letters)

    def spacing(spatial: str) -> tuple[float, ...] | None:
        return tuple(known[axis] for axis in spatial) if set(spatial) <= set(known) else None

    return open_foreign(
        path, source, letters, given, labels=labels, spacing=spacing, channel_names=channel_names
    )


class Squeezed:
    """An array without some of its axes of length 1.

    Parameters
    ----------
    array : ArrayLike
        The array.
    kept : list of bool
        Which of its axes stay.
    """

    def __init__(self, array: ArrayLike, kept: list[bool]) -> None:
        self.array, self.kept = array, kept
        self.shape: tuple[int, ...] = tuple(np.compress(kept, array.shape).tolist())
        self.dtype = np.dtype(array.dtype)

    def __getitem__(self, index: tuple[Any, ...]) -> Any:
        """Return a part; `index` has an entry per axis that is kept."""
        entries = iter(index)
        return self.array[tuple(next(entries) if keep else 0 for keep in self.kept)]


def _squeezed(source: ArrayLike, axes: str, given: str | None) -> tuple[ArrayLike, str]:
    shape = source.shape
    if given is not None and len(given) == len(shape):
        return source, axes
    kept = [axis in (given or "") for axis in axes]
    others = (side for side, keep in zip(shape, kept, strict=True) if not keep)
    if not (given and sum(kept) == len(given) and all(side == 1 for side in others)):
        # The last two axes of an array without names are its plane, however thin it is.
        plane = (
            [axis in "YX" for axis in axes] if "Y" in axes else [i >= len(axes) - 2 for i in range(len(axes))]
        )
        kept = [keep or side > 1 for keep, side in zip(plane, shape, strict=True)]
    if all(kept):
        return source, axes
    return Squeezed(source, kept), "".join(np.compress(kept, list(axes)).tolist())
