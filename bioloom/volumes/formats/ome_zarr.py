"""Zarr stores, versions 2 and 3: OME-Zarr images and plain arrays.

- ``a.zarr`` is its image in full resolution, or its only image or array; ``a.zarr/labels/nuclei`` is a place
  in it
- axes, voxel size and channel names of OME-Zarr, see `bioloom.volumes.formats.ngff`; plain arrays may name
  their axes
- a missing chunk holds the fill value; a damaged one is an error that names its file
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.volumes.formats.axes import letters_of, open_array
from bioloom.volumes.formats.blosc_header import BLOSC_HEADER, check_blosc
from bioloom.volumes.formats.foreign import Foreign, reading
from bioloom.volumes.formats.ngff import axes_of, channel_names_of, levels_of, multiscale_of, sizes_of
from bioloom.volumes.inner import split_inner

_SHOWN = 10


class Chunked:
    """An array of a store that tells which of its files is damaged.

    Parameters
    ----------
    array : zarr.Array
        The array.
    folder : Path
        Where it lies.
    """

    def __init__(self, array: zarr.Array, folder: Path) -> None:
        self.array, self.folder = array, folder
        self.shape: tuple[int, ...] = tuple(array.shape)
        self.dtype = np.dtype(array.dtype)
        self._side: tuple[int, ...] = tuple(array.shards or array.chunks)
        self._blosc = any("blosc" in type(codec).__name__.lower() for codec in array.compressors[-1:])

    def __getitem__(self, index: tuple[Any, ...]) -> Any:
        """Return a part as an array; `index` has a number or a slice per axis."""
        for _, file in self._files(index):
            if file.is_file():
                self._check(file)
        try:
            return self.array[index]
        except Exception as error:  # the codecs raise whatever they like
            raise self._blamed(index, error) from error

    def _check(self, file: Path) -> None:
        """Raise for damage that zarr does not notice."""
        size = file.stat().st_size
        if not size:  # for an empty shard, which a full disk leaves behind, it returns fill values
            raise ValueError(f"{file} is empty")
        if self._blosc and not self.array.shards:
            with file.open("rb") as opened:
                header = opened.read(BLOSC_HEADER)
            try:
                check_blosc(header, size)
            except ValueError as error:
                raise ValueError(f"{file}: {error}") from None

    def _files(self, index: tuple[Any, ...]) -> Iterator[tuple[tuple[int, ...], Path]]:
        """Yield the position and the file of every chunk that `index` touches."""
        spans = []
        for item, side, chunk in zip(index, self.shape, self._side, strict=True):
            start, stop, _ = item.indices(side) if isinstance(item, slice) else (item, item + 1, 1)
            spans.append(range(start // chunk, -(-stop // chunk)))
        for position in product(*spans):
            yield position, self.folder / self.array.metadata.encode_chunk_key(position)

    def _blamed(self, index: tuple[Any, ...], error: Exception) -> Exception:
        for position, file in self._files(index):
            where = zip(position, self._side, strict=True)
            try:
                self.array[tuple(slice(at * side, (at + 1) * side) for at, side in where)]
            except Exception as reason:
                return ValueError(f"{file}: {reason}")
        return error


def read_zarr(path: Path, axes: str | None = None, *, labels: bool = False) -> Foreign:
    """Open an image of a Zarr store (see `bioloom.volumes.formats.read_foreign`)."""
    container, inner = split_inner(path)
    with reading(path), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about files in the folder that are no part of the store
        node = _open(container / inner, path)
        array, folder, attributes = _chosen(node, container / inner, path)
        source = Chunked(array, folder)
        multiscale = multiscale_of(attributes)
        if multiscale is None:
            return open_array(path, source, _own_axes(array), axes, labels=labels)
        level = folder.relative_to(_image_of(folder, container)[0]).as_posix()
        return open_array(
            path,
            source,
            axes_of(multiscale),
            axes,
            labels=labels,
            sizes=sizes_of(multiscale, level),
            channel_names=channel_names_of(attributes),
        )


def _open(folder: Path, path: Path) -> zarr.Array | zarr.Group:
    try:
        return zarr.open(str(folder), mode="r", use_consolidated=False)
    except FileNotFoundError:
        raise _absent(path) from None
    except Exception as error:
        if "codec" in str(error).lower() or "codec" in type(error).__name__.lower():
            raise BioLoomError(
                f"{path} is compressed in a way that is not known here ({error})",
                allowed="the codecs of zarr and numcodecs, for example zstd, blosc, gzip",
                fix="save it with one of them",
            ) from error
        raise


def _chosen(node: Any, folder: Path, path: Path) -> tuple[zarr.Array, Path, dict[str, Any]]:
    """Return the array to read, its folder, and the attributes of the OME-Zarr image it is a level of."""
    if isinstance(node, zarr.Array):
        return node, folder, _image_of(folder, split_inner(path)[0])[1]
    attributes = dict(node.attrs)
    multiscale = multiscale_of(attributes)
    if multiscale is not None:
        level = folder / levels_of(multiscale)[0]
        array = _open(level, path)
        if not isinstance(array, zarr.Array):
            raise ValueError(f"{level} is no array")
        return array, level, attributes
    found = list(islice(_images(folder), _SHOWN + 1))
    if len(found) != 1:
        raise BioLoomError(
            f"{path} holds {_listed(found, folder) if found else 'no image'}",
            allowed="one image, or the path of one inside the store",
            fix=f"say which, for example {found[0]}" if found else "",
        )
    return _chosen(_open(found[0], path), found[0], path)


def _image_of(folder: Path, container: Path) -> tuple[Path, dict[str, Any]]:
    """Return the OME-Zarr image that an array is a level of, and its attributes; nothing if it is none."""
    for parent in folder.parents if folder != container else ():
        try:
            attributes = dict(zarr.open_group(str(parent), mode="r", use_consolidated=False).attrs)
        except Exception:  # a folder in between that is no group
            attributes = {}
        multiscale = multiscale_of(attributes)
        if multiscale and folder.relative_to(parent).as_posix() in levels_of(multiscale):
            return parent, attributes
        if parent == container:
            break
    return folder, {}


def _images(folder: Path) -> Iterator[Path]:
    """Yield the OME-Zarr images, and the other arrays that may be images, in a group and below."""
    node = zarr.open(str(folder), mode="r", use_consolidated=False)
    if isinstance(node, zarr.Array):
        if node.ndim >= 2 and np.dtype(node.dtype).kind in "biuf":
            yield folder
    elif multiscale_of(dict(node.attrs)) is not None:
        yield folder
        if (folder / "labels").is_dir():
            yield from _images(folder / "labels")
    else:
        for name in sorted(node.keys()):
            yield from _images(folder / name)


def _own_axes(array: zarr.Array) -> str | None:
    names: Any = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    named = isinstance(names, list | tuple) and len(names) == array.ndim and any(names)
    return letters_of(names) if named else None


def _listed(found: list[Path], folder: Path) -> str:
    names = ", ".join(image.relative_to(folder).as_posix() for image in found[:_SHOWN])
    more = len(found) > _SHOWN
    return f"{'more than ' if more else ''}{min(len(found), _SHOWN)} images: {names}{', ...' if more else ''}"


def _absent(path: Path) -> BioLoomError:
    container, inner = split_inner(path)
    try:
        names = [image.relative_to(container).as_posix() for image in islice(_images(container), _SHOWN)]
    except Exception:  # the store itself is none
        return BioLoomError(f"{container} is no Zarr store: it has neither zarr.json nor .zgroup nor .zarray")
    shown = [name for name in names if name != "."]
    return BioLoomError(
        f"{container} holds no '{inner}'", allowed=", ".join(shown), fix=did_you_mean(inner, shown)
    )
