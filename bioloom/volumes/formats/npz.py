"""NPZ archives of NumPy arrays: the only one that can be an image, or ``a.npz/name``.

As in a NPY file nothing tells the axes. Arrays saved as they are (``numpy.savez``) are mapped into memory,
compressed ones are unpacked to a temporary file first; pickled objects are never loaded.
"""

from __future__ import annotations

from pathlib import Path
from struct import unpack
from typing import IO, Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.volumes.formats.axes import PLAIN
from bioloom.volumes.formats.foreign import Foreign, Mapped, open_foreign, reading
from bioloom.volumes.formats.unpacked import unpack_file
from bioloom.volumes.inner import split_inner

_LOCAL = 30
"""Bytes of a member's header, before its name."""


def read_npz(path: Path, axes: str | None = None, *, labels: bool = False) -> Foreign:
    """Open an array of a ``.npz`` file (see `bioloom.volumes.formats.read_foreign`)."""
    container, inner = split_inner(path)
    with reading(path), ZipFile(container) as archive:
        headers = {}
        for member in archive.infolist():
            if member.filename.endswith(".npy"):
                with archive.open(member) as file:
                    headers[member.filename[:-4]] = (member, *_header(file))
        member, shape, fortran, dtype, start = headers[_name(path, inner, headers)]
        if dtype.hasobject:
            raise BioLoomError(f"{path} holds Python objects", allowed="arrays of numbers")
        place: Path | IO[bytes] = container
        if member.compress_type == ZIP_STORED:
            start += _offset(container, member)
        else:
            with archive.open(member) as file:
                place = unpack_file(file)
        size = start + int(np.prod(shape)) * dtype.itemsize
        if size > (container.stat().st_size if isinstance(place, Path) else place.seek(0, 2)):
            raise ValueError("the array is longer than its file")
        source = Mapped(place, dtype, start, shape, "F" if fortran else "C")
    return open_foreign(path, source, PLAIN.get(len(shape), "Q" * len(shape)), axes, labels=labels)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype, int]:
    """Return shape, order, type and the offset of the values."""
    version = np.lib.format.read_magic(file)
    old = version == (1, 0)
    read = np.lib.format.read_array_header_1_0 if old else np.lib.format.read_array_header_2_0
    return (*read(file), file.tell())


def _offset(path: Path, member: ZipInfo) -> int:
    with path.open("rb") as file:
        file.seek(member.header_offset)
        name, extra = unpack("<HH", file.read(_LOCAL)[26:])
    return member.header_offset + _LOCAL + int(name) + int(extra)


def _name(path: Path, inner: str, headers: dict[str, Any]) -> str:
    listed = ", ".join(
        f"{name} ({' x '.join(map(str, shape))}, {dtype})"
        for name, (_, shape, _, dtype, _) in headers.items()
    )
    if inner:
        if inner not in headers:
            raise BioLoomError(
                f"{split_inner(path)[0]} holds no '{inner}'", allowed=listed, fix=did_you_mean(inner, headers)
            )
        return inner
    images = [n for n, (_, shape, _, dtype, _) in headers.items() if len(shape) >= 2 and dtype.kind in "biuf"]
    if len(images) != 1:
        raise BioLoomError(
            f"{path} holds {f'{len(images)} arrays: {listed}' if images else 'no array of two axes or more'}",
            fix=f"say which, for example {path}/{images[0]}" if images else "",
        )
    return images[0]
