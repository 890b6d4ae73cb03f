"""N5 stores: arrays of blocks in folders, read by code of our own (zarr-python reads them no more).

- ``a.n5/c0/s0`` is an array; a group is its only array, of a pyramid ``s0 s1 ...`` the finest
- axes: the attribute ``axes``, else as many as there are; N5 counts them from x on, we from z
- voxel size: ``pixelResolution`` or ``resolution`` with ``units``, of the array or of a group it is in
- a missing block is zeros; a damaged one is an error that names its file

Source: https://github.com/saalfeldlab/n5 (file-system specification).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.volumes.formats.axes import MICROMETRES, letters_of, open_array
from bioloom.volumes.formats.foreign import Foreign, reading
from bioloom.volumes.formats.n5_blocks import COMPRESSIONS, read_block
from bioloom.volumes.inner import split_inner

_TYPES = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float32", "float64")
_SHOWN = 10


@dataclass(frozen=True)
class Blocks:
    """An array of blocks, axes in our order (the last varies fastest).

    Parameters
    ----------
    folder : Path
        Where it lies.
    shape : tuple of int
        Its sides.
    dtype : numpy.dtype
        Its type.
    block : tuple of int
        Sides of a block.
    compression : dict
        What its attributes say.
    """

    folder: Path
    shape: tuple[int, ...]
    dtype: np.dtype
    block: tuple[int, ...]
    compression: dict[str, Any]

    def __getitem__(self, index: tuple[Any, ...]) -> np.ndarray:
        """Return a part as an array; `index` has a number or a slice per axis."""
        spans = [
            item.indices(side)[:2] if isinstance(item, slice) else (item, item + 1)
            for item, side in zip(index, self.shape, strict=True)
        ]
        found = np.zeros([stop - start for start, stop in spans], self.dtype)
        touched = (range(a // n, -(-z // n)) for (a, z), n in zip(spans, self.block, strict=True))
        for position in product(*touched):
            self._fill(found, spans, position)
        return found[tuple(slice(None) if isinstance(item, slice) else 0 for item in index)]

    def _fill(self, found: np.ndarray, spans: list[Any], position: tuple[int, ...]) -> None:
        file = self.folder.joinpath(*map(str, reversed(position)))
        if not file.is_file():
            return
        values = read_block(file, self.dtype, self.compression)
        if values.ndim != found.ndim:
            raise ValueError(f"{file} has {values.ndim} axes")
        target, source = [], []
        for axis, ((start, stop), at) in enumerate(zip(spans, position, strict=True)):
            origin = at * self.block[axis]
            end = min(stop, origin + self.block[axis], self.shape[axis])
            if origin + values.shape[axis] < end:
                raise ValueError(
                    f"{file} holds a block of {values.shape[axis]} voxels, {end - origin} are needed"
                )
            low = max(start, origin)
            target.append(slice(low - start, end - start))
            source.append(slice(low - origin, end - origin))
        found[tuple(target)] = values[tuple(source)]


def read_n5(path: Path, axes: str | None = None, *, labels: bool = False) -> Foreign:
    """Open an array of an N5 store (see `bioloom.volumes.formats.read_foreign`)."""
    container = split_inner(path)[0]
    with reading(path):
        folder = _chosen(path)
        attributes = _attributes(folder)
        source = _blocks(folder, attributes, path)
        names = attributes.get("axes")
        own = letters_of(reversed(names)) if names and len(names) == len(source.shape) else None
        sizes: dict[str, float] = {}
        for place in (folder, *folder.parents):
            sizes = sizes or _sizes(_attributes(place))
            if place == container:
                break
        return open_array(path, source, own, axes, labels=labels, sizes=sizes)


def _chosen(path: Path) -> Path:
    container, inner = split_inner(path)
    folder = container / inner
    if not folder.is_dir():
        names = [str(found.relative_to(container)) for found in islice(_arrays(container), _SHOWN)]
        raise BioLoomError(
            f"{container} holds no '{inner}'", allowed=", ".join(names), fix=did_you_mean(inner, names)
        )
    found = list(islice(_arrays(folder), _SHOWN))
    if len(found) == 1:
        return found[0]
    names = [str(array.relative_to(folder)) for array in found]
    raise BioLoomError(
        f"{path} holds {'several arrays: ' + ', '.join(names) if found else 'no array of two axes or more'}",
        allowed="one array, or the path of one inside the store",
        fix=f"say which, for example {found[0]}" if found else "",
    )


def _arrays(folder: Path) -> Iterator[Path]:
    """Yield the arrays in a group and below, of a pyramid the finest."""
    attributes = _attributes(folder)
    if "dimensions" in attributes:
        if len(attributes["dimensions"]) >= 2:
            yield folder
    elif "dimensions" in _attributes(folder / "s0"):
        yield folder / "s0"
    else:
        for child in sorted(child for child in folder.iterdir() if child.is_dir()):
            yield from _arrays(child)


def _attributes(folder: Path) -> dict[str, Any]:
    file = folder / "attributes.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def _blocks(folder: Path, attributes: dict[str, Any], path: Path) -> Blocks:
    compression = attributes.get("compression", {"type": attributes.get("compressionType", "raw")})
    compression = {"type": compression} if isinstance(compression, str) else compression
    if compression["type"] not in COMPRESSIONS:
        raise BioLoomError(
            f"{path} is compressed by '{compression['type']}', which is not known here",
            allowed=", ".join(COMPRESSIONS),
            fix="save it with one of them",
        )
    if attributes["dataType"] not in _TYPES:
        raise BioLoomError(f"{path} holds values of type {attributes['dataType']}", allowed=", ".join(_TYPES))
    return Blocks(
        folder,
        tuple(attributes["dimensions"][::-1]),
        np.dtype(attributes["dataType"]),
        tuple(attributes["blockSize"][::-1]),
        compression,
    )


def _sizes(attributes: dict[str, Any]) -> dict[str, float]:
    """Return the micrometres per voxel by axis; these lists count from x on."""
    found = attributes.get("pixelResolution")
    if isinstance(found, dict):
        numbers, units = found.get("dimensions", []), [found.get("unit", "um")] * 3
    else:
        numbers = found or attributes.get("resolution") or []
        units = attributes.get("units") or ["um"] * 3
    factors = [MICROMETRES.get(unit) for unit in units]
    return {
        axis: float(number) * factor
        for axis, number, factor in zip("XYZ", numbers, factors, strict=False)
        if factor is not None
    }
