"""Where passes keep what they made: in memory, or one file per partial and per table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Slices = tuple[slice, ...]


class Arrays(Protocol):
    """Named arrays, read one at a time so that a large neighbour costs nothing."""

    def read(self, name: str, slices: Slices | None = None) -> NDArray[Any]:
        """Return one array, or a part of it."""
        ...


class Workspace(Protocol):
    """Keeps the partial of every (pass, block) and the table of every pass."""

    def put_partial(self, name: str, block: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep what pass `name` made of `block`."""
        ...

    def partial(self, name: str, block: str) -> Arrays:
        """Return what pass `name` made of `block`."""
        ...

    def put_table(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep what pass `name` made of all its partials."""
        ...

    def table(self, name: str) -> Arrays:
        """Return what pass `name` made of all its partials."""
        ...


class MemoryArrays:
    """Arrays that are held in memory."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = dict(arrays)

    def read(self, name: str, slices: Slices | None = None) -> NDArray[Any]:
        """Return one array, or a view of a part of it."""
        array = self._arrays[name]
        return array if slices is None else array[slices]


class MemoryWorkspace:
    """A workspace of one process."""

    def __init__(self) -> None:
        self._partials: dict[tuple[str, str], MemoryArrays] = {}
        self._tables: dict[str, MemoryArrays] = {}

    def put_partial(self, name: str, block: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep what pass `name` made of `block`."""
        self._partials[name, block] = MemoryArrays(arrays)

    def partial(self, name: str, block: str) -> MemoryArrays:
        """Return what pass `name` made of `block`."""
        return self._partials[name, block]

    def put_table(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep what pass `name` made of all its partials."""
        self._tables[name] = MemoryArrays(arrays)

    def table(self, name: str) -> MemoryArrays:
        """Return what pass `name` made of all its partials."""
        return self._tables[name]


class FileWorkspace:
    """A workspace that many jobs share: ``<pass>/<block>.zarr.zip`` and ``<pass>.zarr.zip`` in a folder.

    Blocks are numbered through a pack, and all its images have their tables in one file.

    Parameters
    ----------
    folder : Path
        The passes of a pack, ``passes/{pack}``.
    image : str
        The image that is worked on.
    """

    def __init__(self, folder: Path, image: str) -> None:
        self.folder = Path(folder)
        self.image = image

    def partial_path(self, name: str, block: str) -> Path:
        """Return the file of one partial."""
        return self.folder / name / f"{block}.zarr.zip"

    def table_path(self, name: str) -> Path:
        """Return the file of one table."""
        return self.folder / f"{name}.zarr.zip"

    def put_partial(self, name: str, block: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write what pass `name` made of `block`."""
        _write(self.partial_path(name, block), arrays)

    def partial(self, name: str, block: str) -> Arrays:
        """Open what pass `name` made of `block`."""
        return _open(self.partial_path(name, block))

    def put_table(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write what pass `name` made of all its partials, in place of the tables of all images."""
        put_tables(self.folder, name, {self.image: arrays})

    def table(self, name: str) -> Arrays:
        """Open what pass `name` made of all its partials."""
        return _OfImage(_open(self.table_path(name)), self.image)


def put_tables(folder: Path, name: str, tables: Mapping[str, Mapping[str, NDArray[Any]]]) -> None:
    """Write what pass `name` made of all partials of a pack, by image."""
    path = FileWorkspace(folder, "").table_path(name)
    _write(path, {f"{image}.{key}": array for image, table in tables.items() for key, array in table.items()})


class _OfImage:
    """The arrays of one image among those of a pack."""

    def __init__(self, arrays: Arrays, image: str) -> None:
        self._arrays = arrays
        self._image = image

    def read(self, name: str, slices: Slices | None = None) -> NDArray[Any]:
        """Return one array, or a part of it."""
        return self._arrays.read(f"{self._image}.{name}", slices)


def _write(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    from bioloom.volumes.bundle import write_bundle

    path.parent.mkdir(parents=True, exist_ok=True)
    write_bundle(path, {name: np.asarray(array) for name, array in arrays.items()}, {})


def _open(path: Path) -> Arrays:
    from bioloom.volumes.bundle import open_bundle

    return open_bundle(path)
