"""A foreign image, opened: what its axes are, and its voxels in the order ``(channel, *spatial)``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite, prod
from pathlib import Path
from typing import IO, Any, Literal, Protocol

import numpy as np

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box

LETTERS = "TCZYXS"
_UNNAMED = "IQ"
_MAPPED = 1 << 22  # bytes of the planes that are mapped at a time


class ArrayLike(Protocol):
    """What can be asked for a part of itself: an array, a memory map, a zarr array."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Sides in the order of the file."""

    @property
    def dtype(self) -> np.dtype:
        """Type of the voxels in the file."""

    def __getitem__(self, index: Any) -> Any:
        """Return a part as an array."""


@dataclass(frozen=True)
class Mapped:
    """An array that lies in a file as it is; every access maps the file anew, a few planes at a time.

    Pages of a mapping count as memory of the process as long as it lives, and so may their neighbours: a
    large image read to its end through one mapping looks like a process that holds it all.

    Parameters
    ----------
    path : Path or file
        The file; one that has no name any more is given open.
    dtype : numpy.dtype
        Type of the values.
    offset : int
        Where they begin, in bytes.
    shape : tuple of int
        Sides.
    order : {"C", "F"}
        Which axis varies fastest, the last or the first.
    """

    path: Path | IO[bytes]
    dtype: np.dtype
    offset: int
    shape: tuple[int, ...]
    order: Literal["C", "F"] = "C"

    def __getitem__(self, index: Any) -> np.ndarray:
        """Return a copy of a part; `index` has a slice or a number for every axis."""
        axes = range(len(self.shape)) if self.order == "C" else reversed(range(len(self.shape)))
        axis = next((axis for axis in axes if isinstance(index[axis], slice)), None)
        if axis is None:
            return np.array(self._mapped()[index])
        # `axis` is the one along which planes follow each other in the file
        faster = self.shape[axis + 1 :] if self.order == "C" else self.shape[:axis]
        count = max(1, _MAPPED // max(1, prod(faster) * self.dtype.itemsize))
        result = np.empty(np.broadcast_to(np.empty(()), self.shape)[index].shape, self.dtype)
        before = (slice(None),) * sum(isinstance(i, slice) for i in index[:axis])
        places = range(*index[axis].indices(self.shape[axis]))
        for first in range(0, len(places), count):
            some = places[first : first + count]
            part = (*index[:axis], slice(some.start, some.stop, some.step), *index[axis + 1 :])
            result[(*before, slice(first, first + len(some)))] = self._mapped()[part]
        return result

    def _mapped(self) -> np.ndarray:
        return np.memmap(self.path, self.dtype, "r", self.offset, self.shape, self.order)


@dataclass(frozen=True)
class Foreign:
    """A foreign image whose voxels are read when asked for.

    A file may hold several time points; `at` gives one of them, `inside` a region, both without reading.

    Parameters
    ----------
    path : Path
        The file.
    source : ArrayLike
        The voxels in the order of the file.
    axes : str
        One letter per axis of `source`: T (time), C or S (channels, samples), Z, Y, X.
    spacing : tuple of float, optional
        Voxel size in micrometres, spatial order ``(z, y, x)``, if the file says so.
    channel_names : tuple of str
        Names of the channels, empty if the file has none.
    time : int, optional
        Which time point is read, from 0; may be left out where there is one only.
    region : Box, optional
        Which voxels the image consists of, all of them by default.
    """

    path: Path
    source: ArrayLike
    axes: str
    spacing: tuple[float, ...] | None = None
    channel_names: tuple[str, ...] = ()
    time: int | None = None
    region: Box | None = None

    @property
    def sides(self) -> dict[str, int]:
        """The length of every axis of the file, by its letter."""
        return dict(zip(self.axes, self.source.shape, strict=True))

    @property
    def spatial(self) -> tuple[int, ...]:
        """The spatial shape ``(y, x)`` or ``(z, y, x)``, voxels."""
        whole = tuple(self.sides[axis] for axis in "ZYX" if axis in self.axes)
        return whole if self.region is None else self.region.shape

    @property
    def channels(self) -> int:
        """The number of channels."""
        return self.sides.get("C", 1) * self.sides.get("S", 1)

    @property
    def times(self) -> int:
        """The number of time points in the file."""
        return self.sides.get("T", 1)

    @property
    def ndim(self) -> int:
        """The number of spatial axes, 2 or 3."""
        return len(self.spatial)

    @property
    def dtype(self) -> np.dtype:
        """The type that `read` returns: booleans become uint8, all floats float32, byte order native."""
        dtype = np.dtype(self.source.dtype)
        if dtype.kind == "b":
            return np.dtype(np.uint8)
        return np.dtype(np.float32) if dtype.kind == "f" else dtype.newbyteorder("=")

    def at(self, time: int) -> Foreign:
        """Return one time point."""
        return replace(self, time=time)

    def inside(self, region: Box) -> Foreign:
        """Return a region of the whole image."""
        return replace(self, region=region)

    def read(self, box: Box | None = None) -> np.ndarray:
        """Return the voxels of `box`, or all: ``(channel, *box.shape)``.

        Raises
        ------
        BioLoomError
            If the file is damaged.
        """
        if self.time is None and self.times > 1:
            raise ValueError(f"which of the {self.times} time points of {self.path}?")
        box = Box.of(self.spatial) if box is None else box
        placed = box if self.region is None else box.shift(self.region.start)
        spans = {"T": self.time or 0, **dict(zip("ZYX"[-self.ndim :], placed.slices, strict=True))}
        # Samples go behind the channels; one of the two has length 1 or is missing.
        order = [a for a in "CSZYX" if a in self.axes]
        with reading(self.path):
            values = np.asarray(self.source[tuple(spans.get(a, slice(None)) for a in self.axes)])
        values = values.transpose([self.axes.replace("T", "").index(axis) for axis in order])
        with np.errstate(over="ignore"):  # what does not fit float32 becomes infinite, and is refused as such
            return np.ascontiguousarray(values.reshape(self.channels, *box.shape), self.dtype)


class reading:  # noqa: N801 - a context manager, used like a function
    """Turn whatever a decoder raises about `path` into one clear line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, BioLoomError | MemoryError):
            raise BioLoomError(
                f"{self.path} cannot be read: it is truncated or damaged ({error})",
                fix="copy or export it again",
            ) from error


def open_foreign(
    path: Path,
    source: ArrayLike,
    axes: str,
    given: str | None,
    *,
    labels: bool,
    spacing: Callable[[str], tuple[float, ...] | None] = lambda axes: None,
    channel_names: tuple[str, ...] = (),
) -> Foreign:
    """Return the image once its axes are known to make sense.

    Parameters
    ----------
    path : Path
        The file.
    source : ArrayLike
        Its voxels.
    axes : str
        What the file says about its axes.
    given : str, optional
        What the user says; it counts if it fits.
    labels : bool
        Whether these are labels, for which `given` may name axes of channels and time that only the images
        have.
    spacing : callable, optional
        Returns the voxel size for the spatial axes at hand (``"ZYX"``), None if unknown.
    channel_names : tuple of str, optional
        Names of the channels.

    Raises
    ------
    BioLoomError
        If `given` does not fit, the axes are unclear, or the numbers are complex.
    """
    if np.dtype(source.dtype).kind not in "biuf" or np.dtype(source.dtype).itemsize > 8:
        raise BioLoomError(
            f"{path} holds values of type {source.dtype}", allowed="integers, floats up to 64 bits, booleans"
        )
    axes = _chosen(path, source.shape, axes, given, labels)
    sides = dict(zip(axes, source.shape, strict=True))
    if sides.get("C", 1) > 1 and sides.get("S", 1) > 1:
        raise BioLoomError(
            f"{path} holds {sides['C']} channels of {sides['S']} colours each", fix="split them"
        )
    foreign = Foreign(path, source, axes, None, ())
    if not all(source.shape):
        raise BioLoomError(f"{path} is empty: its shape is {source.shape}")
    found = spacing("ZYX"[-foreign.ndim :])
    names = channel_names if len(channel_names) == foreign.channels and all(channel_names) else ()
    if not names and sides.get("S") == 3:
        names = ("red", "green", "blue")
    return Foreign(path, source, axes, found if found and all(map(isfinite, found)) else None, names)


def _chosen(path: Path, shape: tuple[int, ...], axes: str, given: str | None, labels: bool) -> str:
    if given is not None:
        # The nearest choice that fits: labels lack the channels of their images first, and then time.
        lacking: list[tuple[str, ...]] = [(), ("C",), ("T",), ("C", "T")] if labels else [()]
        allowed = ["".join(axis for axis in given if axis not in absent) for absent in lacking]
        fitting = [choice for choice in allowed if len(choice) == len(shape)]
        if not fitting:
            raise BioLoomError(
                f"data.axes says {given}, but {path} has {len(shape)} axes: shape {shape}, by itself {axes}",
                fix="correct data.axes, or leave it out if the file's own axes are right",
            )
        axes = fitting[0]
    unnamed = [axis for axis in axes if axis in _UNNAMED]
    if len(unnamed) == 1 and "Z" not in axes:
        # A plain stack of pages: in this field most often a z stack; `data.axes` says otherwise.
        axes = axes.replace(unnamed[0], "Z")
    if not set("YX") <= set(axes) <= set(LETTERS) or len(set(axes)) != len(axes):
        raise BioLoomError(
            f"{path}: its axes {axes} (shape {shape}) are unclear",
            allowed=f"letters of {LETTERS}, each once, with Y and X",
            fix="say in data.axes what they are",
        )
    return axes
