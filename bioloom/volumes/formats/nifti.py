"""NIfTI files, versions 1 and 2, in one file (``.nii``, ``.nii.gz``).

- axes: x, y, z, time and components in the order of the file, which we count from the other end: ``CTZYX``
- voxel size: ``pixdim`` in the unit that ``xyzt_units`` names; unknown if it names none
- intensities are scaled by ``scl_slope`` and ``scl_inter`` to 32-bit floats where these say so; labels that
  are to be scaled are refused
- the voxels stay in the order of the file: the orientation (``qform``, ``sform``) is neither used nor kept

A ``.nii`` is mapped into memory, a ``.nii.gz`` unpacked to a temporary file first.

Source: https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h and nifti2.h.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from math import isfinite, prod
from pathlib import Path
from struct import unpack_from
from typing import IO, Any, Literal

import numpy as np

from bioloom.errors import BioLoomError
from bioloom.volumes.formats.axes import open_array
from bioloom.volumes.formats.foreign import ArrayLike, Foreign, Mapped, reading
from bioloom.volumes.formats.unpacked import unpack_file

_TYPES = {
    **{2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8"},
    **{256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"},
}
_RGB = 128
_UNITS = {1: 1e6, 2: 1e3, 3: 1.0}
"""Micrometres in the units of xyzt_units."""
_FIELDS = {
    348: (("8h", 40), ("h", 70), ("8f", 76), ("f", 108), ("2f", 112), ("B", 123)),
    540: (("8q", 16), ("h", 12), ("8d", 104), ("q", 168), ("2d", 176), ("i", 500)),
}
"""Format and place of dim, datatype, pixdim, vox_offset, scl_slope with scl_inter, and xyzt_units in a header
of so many bytes."""


@dataclass(frozen=True)
class Header:
    """What a header says.

    Parameters
    ----------
    shape : tuple of int
        Sides in the order of the file: x, y, z, time, components.
    dtype : numpy.dtype
        Type of the stored values.
    samples : int
        Values per voxel, 3 for colours.
    offset : int
        Where the values begin, in bytes.
    sizes : dict
        Micrometres per voxel by axis.
    slope, intercept : float
        What stored values are multiplied by, and what is added then.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    samples: int
    offset: int
    sizes: dict[str, float]
    slope: float
    intercept: float


class Scaled:
    """Stored values times a slope plus an intercept, as 32-bit floats.

    Parameters
    ----------
    array : ArrayLike
        The stored values.
    slope, intercept : float
        The numbers.
    """

    def __init__(self, array: ArrayLike, slope: float, intercept: float) -> None:
        self.array, self.slope, self.intercept = array, slope, intercept
        self.shape = array.shape
        self.dtype = np.dtype(np.float32)

    def __getitem__(self, index: Any) -> np.ndarray:
        """Return a part as an array."""
        return np.asarray(self.array[index] * self.slope + self.intercept, np.float32)


def read_nifti(path: Path, axes: str | None = None, *, labels: bool = False) -> Foreign:
    """Open a NIfTI file (see `bioloom.volumes.formats.read_foreign`)."""
    with reading(path):
        place: Path | IO[bytes] = path
        if path.name.lower().endswith(".gz"):
            with gzip.open(path) as stream:
                place = unpack_file(stream)  # type: ignore[arg-type]
        with path.open("rb") as file:
            size, start = _beginning(file) if isinstance(place, Path) else _beginning(place)
        header = _header(start, path)
        shape = header.shape[::-1] + ((header.samples,) if header.samples > 1 else ())
        if header.offset + prod(shape) * header.dtype.itemsize > size:
            raise ValueError(
                f"{prod(shape)} values of type {header.dtype} are announced, {size} bytes are there"
            )
        source: ArrayLike = Mapped(place, header.dtype, header.offset, shape)
    if (header.slope, header.intercept) != (1, 0):
        if labels:
            raise BioLoomError(
                f"the labels {path} are to be scaled by {header.slope:g} and shifted by {header.intercept:g}",
                allowed="the numbers of objects as they are (scl_slope 1, scl_inter 0)",
                fix="save them as integers",
            )
        source = Scaled(source, header.slope, header.intercept)
    own = "CTZYX"[-len(header.shape) :] + ("S" if header.samples > 1 else "")
    return open_array(path, source, own, axes, labels=labels, sizes=header.sizes)


def _beginning(file: IO[bytes]) -> tuple[int, bytes]:
    """Return the size of a file and its first bytes."""
    size = file.seek(0, 2)
    file.seek(0)
    return size, file.read(max(_FIELDS))


def _header(start: bytes, path: Path) -> Header:
    if len(start) < min(_FIELDS):
        raise ValueError(f"its header has {len(start)} bytes")
    order: Literal["<", ">"] = "<" if unpack_from("<i", start)[0] in _FIELDS else ">"
    size = unpack_from(f"{order}i", start)[0]
    if start[344:348] != b"n+1\0" and start[4:8] != b"n+2\0":
        raise BioLoomError(
            f"{path} is no NIfTI file with its voxels inside",
            allowed="NIfTI-1 and NIfTI-2 in one file (not .hdr with .img)",
        )
    fields = (unpack_from(order + form, start, offset) for form, offset in _FIELDS[size])
    dim, (code,), pixdim, (offset,), (slope, intercept), (units,) = fields
    shape = dim[1 : dim[0] + 1]
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    if not 2 <= len(shape) <= 5 or min(shape) < 1:
        raise BioLoomError(f"{path} has the shape {shape}", allowed="2 to 5 axes: x, y, z, time, components")
    if code not in _TYPES and code != _RGB:
        raise BioLoomError(
            f"{path} holds values of type {code}", allowed="integers, floats up to 64 bits, RGB"
        )
    unit = _UNITS.get(units & 7)
    sizes = dict(zip("XYZ", (float(p) * unit for p in pixdim[1:4]), strict=True)) if unit else {}
    told = isfinite(slope) and slope != 0
    return Header(
        shape,
        np.dtype(_TYPES.get(code, "u1")).newbyteorder(order),
        3 if code == _RGB else 1,
        int(offset),
        sizes,
        float(slope) if told else 1.0,
        float(intercept) if told and isfinite(intercept) else 0.0,
    )
