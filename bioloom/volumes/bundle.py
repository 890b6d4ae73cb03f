"""Named arrays and facts in one file, ``*.zarr.zip``: what a chunk or block job leaves behind.

The bytes depend on the contents only: members are sorted and carry no times. The zip's own checksums notice
damage.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from math import prod
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import zarr
from zarr.core.buffer import Buffer
from zarr.storage import MemoryStore, ZipStore

from bioloom.errors import BioLoomError
from bioloom.volumes.atomic import atomic_path
from bioloom.volumes.layout import compressors
from bioloom.volumes.metadata import OWN

_ROOT = "zarr.json"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_CHUNK_ITEMS = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_bundle(path: Path | str, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
    """Write `arrays` (numbers or booleans, any shape, also empty) and JSON `facts` to a file, atomically."""
    members: dict[str, Buffer] = {}
    group = zarr.create_group(MemoryStore(members), attributes={OWN: dict(facts)}, zarr_format=3)
    for name in sorted(arrays):
        values = np.asarray(arrays[name])
        if not _NAME.fullmatch(name) or values.dtype.kind not in "biuf":
            raise ValueError(f"no bundle holds an array called {name!r} of dtype {values.dtype}")
        array = group.create_array(
            name,
            shape=values.shape,
            dtype=values.dtype,
            chunks=_chunks(values.shape),
            compressors=compressors(values.dtype),
            fill_value=0,
        )
        if values.size:
            array[...] = values
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for key in sorted(members):
            archive.writestr(zipfile.ZipInfo(key, _EPOCH), members[key].to_bytes())


def read_bundle(path: Path | str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return all arrays and the facts of a bundle.

    Raises
    ------
    BioLoomError
        If the file is missing, truncated or damaged.
    """
    with open_bundle(path) as bundle:
        return {name: bundle.read(name) for name in bundle.names}, bundle.facts


def open_bundle(path: Path | str) -> Bundle:
    """Open a bundle for reading parts of it; close it, or use it in a ``with`` statement."""
    return Bundle(Path(path))


class Bundle:
    """An open bundle.

    Attributes
    ----------
    names : tuple of str
        The arrays, sorted.
    facts : dict
        The facts.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise BioLoomError(f"there is no bundle {path}", fix="run the step that writes it")
        try:
            # Without zarr, which would open every array to list them.
            with zipfile.ZipFile(path) as archive:
                self.facts: dict[str, Any] = json.loads(archive.read(_ROOT))["attributes"][OWN]
                members = (key.removesuffix(f"/{_ROOT}") for key in archive.namelist() if key != _ROOT)
                self.names: tuple[str, ...] = tuple(sorted(name for name in members if _NAME.fullmatch(name)))
        except Exception as error:  # a broken archive fails in zipfile or json alike
            raise self._damaged(error) from error
        self._store: ZipStore | None = None

    def read(self, name: str, slices: tuple[slice, ...] | None = None) -> np.ndarray:
        """Return the array `name`, or the part of it that `slices` (one per axis) select."""
        if name not in self.names:
            raise KeyError(f"{self.path} holds {', '.join(self.names)}, not {name}")
        try:
            self._store = self._store or ZipStore(self.path, mode="r")
            array = zarr.open_array(self._store, path=name, mode="r", zarr_format=3)
            return np.asarray(array[... if slices is None else slices])
        except MemoryError:
            raise
        except Exception as error:  # zipfile and the codecs raise many kinds
            raise self._damaged(error) from error

    def close(self) -> None:
        """Close the file."""
        if self._store is not None:
            self._store.close()

    def __enter__(self) -> Bundle:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _damaged(self, error: Exception) -> BioLoomError:
        return BioLoomError(
            f"the bundle {self.path} is truncated or damaged ({error})",
            fix="delete it and run the same command again; it is then made anew",
        )


def _chunks(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return chunks of about a million items, by halving the longest side again and again."""
    chunk = [max(1, n) for n in shape]
    while prod(chunk) > _CHUNK_ITEMS:
        longest = chunk.index(max(chunk))
        chunk[longest] = -(-chunk[longest] // 2)
    return tuple(chunk)
