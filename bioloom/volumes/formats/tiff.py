"""TIFF files: OME-TIFF, ImageJ, plain.

Axes, voxel size and channel names come from the OME or ImageJ metadata. The resolution of a plain TIFF is
that of a printer more often than not (72 dots per inch) and does not count. Uncompressed files are mapped
into memory, compressed ones are read at once if small and page by page (or tile by tile) if large.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import chain
from math import prod
from pathlib import Path
from struct import unpack
from tempfile import TemporaryFile
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import tifffile
import zarr

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.geometry.grid import tiles
from bioloom.volumes.atomic import atomic_path
from bioloom.volumes.formats.axes import MICROMETRES, Squeezed
from bioloom.volumes.formats.foreign import ArrayLike, Foreign, Mapped, open_foreign, reading
from bioloom.volumes.manifest import Entry, digest_folder
from bioloom.volumes.store import Volume

_AT_ONCE = 1 << 27
_STRIP = 1 << 16
_CLASSIC = 1 << 31
_HELD = 1 << 22  # voxels that an export holds
_STRIP_ROWS = 64  # divides the side of every chunk


def read_tiff(path: Path, axes: str | None = None, *, labels: bool = False) -> Foreign:
    """Open a TIFF file (see `bioloom.volumes.formats.read_foreign`)."""
    with reading(path):
        file = tifffile.TiffFile(path)
        series = file.series[0]
        _check_complete(file, series, path)
    _check_single(file, path)
    page = series.keyframe
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE and not labels:
        raise BioLoomError(
            f"{path} is a palette TIFF: its numbers stand for colours, not intensities",
            fix="save it as grey or RGB",
        )
    own = _own_axes(series, axes)
    with reading(path):
        source = _source(file, series, own, path)
        known = _ome(file) if file.is_ome else _imagej(file, page) if file.is_imagej else ({}, ())
    sizes, names = known

    def spacing(spatial: str) -> tuple[float, ...] | None:
        return tuple(sizes[axis] for axis in spatial) if set(spatial) <= set(sizes) else None

    return open_foreign(path, source, own, axes, labels=labels, spacing=spacing, channel_names=names)


def export_tiff(volumes: Sequence[Volume], image: str, path: Path) -> Entry:
    """Write the voxels of stores to an OME-TIFF file, atomically and in memory that does not grow with them.

    Parameters
    ----------
    volumes : sequence of Volume
        One image with its voxel size and channel names, or all time points of a file in their order, all of
        one shape and dtype.
    image : str
        Image id, for the manifest; of time points what their ids begin with.
    path : Path
        The file to make.

    Returns
    -------
    Entry
        The line of the manifest for the file; several time points are the first number of its shape.
    """
    first = volumes[0]
    axes = "CZYX" if first.ndim == 3 else "CYX"
    shape = first.shape
    if len(volumes) > 1:
        axes, shape = "T" + axes, (len(volumes), *shape)
    metadata: dict[str, Any] = {"axes": axes, "UUID": str(uuid5(NAMESPACE_URL, image))}
    known = zip(axes[-first.ndim :], first.spacing, strict=True) if first.spacing_known else ()
    for axis, size in known:
        metadata |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": "µm"}
    if first.channel_names:
        metadata["Channel"] = {"Name": list(first.channel_names)}
    rows = min(_rows(first), _STRIP_ROWS)
    with atomic_path(path) as temporary:
        tifffile.imwrite(
            temporary,
            (strip for volume in volumes for strip in _strips(volume, rows, path.parent)),
            shape=shape,
            dtype=first.dtype,
            rowsperstrip=rows,
            bigtiff=prod(shape) * first.dtype.itemsize > _CLASSIC,
            ome=True,
            photometric="minisblack",
            compression="zlib",
            software="BioLoom",
            metadata=metadata,
        )
    return Entry(image, path, shape, str(first.dtype), digest_folder(path))


def _rows(volume: Volume) -> int:
    """Return how many rows of all planes of a layer of chunks are held at a time: whole chunks if they fit.

    If they are less than the image, whole strips.
    """
    width, chunk = volume.spatial[-1], volume.array.chunks[-2]
    fitting = max(1, _HELD // (_depth(volume) * width))
    return int(fitting // chunk * chunk or fitting // _STRIP_ROWS * _STRIP_ROWS or fitting)


def _depth(volume: Volume) -> int:
    return int(volume.array.chunks[1]) if volume.ndim == 3 else 1


def _strips(volume: Volume, rows: int, folder: Path) -> Iterator[bytes]:
    """Yield the compressed strips of `rows` rows, plane after plane.

    A layer of chunks is read once, some rows of all its planes at a time; the strips wait for their turn in a
    file in `folder` that has no name.
    """
    for channel in range(volume.channels):
        for layer in tiles(volume.spatial[:-2], (_depth(volume),) * (volume.ndim - 2)):
            with TemporaryFile(dir=folder) as file:
                places: list[list[tuple[int, int]]] = [[] for _ in range(layer.size)]
                for band in tiles(volume.spatial[-2:], (_rows(volume), volume.spatial[-1])):
                    box = Box(layer.start + band.start, layer.stop + band.stop)
                    values = volume.read(box, slice(channel, channel + 1)).reshape(-1, *band.shape)
                    for plane, written in zip(values, places, strict=True):
                        for first in range(0, len(plane), rows):
                            strip = zlib.compress(plane[first : first + rows].tobytes())
                            written.append((file.tell(), len(strip)))
                            file.write(strip)
                for at, size in chain.from_iterable(places):
                    file.seek(at)
                    yield file.read(size)


def _own_axes(series: Any, given: str | None) -> str:
    """Return the axes of `series`; of those of length 1 the ones that the user names, if any."""
    shape, full = series.get_shape(squeeze=False), series.get_axes(squeeze=False)
    kept = "".join(axis for axis in full if axis in (given or ""))
    whole = all(side == 1 for axis, side in zip(full, shape, strict=True) if axis not in kept)
    return kept if given and len(kept) == len(given) and whole else str(series.axes)


def _source(file: tifffile.TiffFile, series: Any, axes: str, path: Path) -> ArrayLike:
    full = series.get_axes(squeeze=False)
    kept = [axis in axes for axis in full]
    shape = tuple(series.shape)
    if axes != series.axes:
        shape = tuple(np.compress(kept, series.get_shape(squeeze=False)).tolist())
    if series.dataoffset is not None:
        dtype = np.dtype(series.dtype).newbyteorder(file.byteorder)
        file.close()
        return Mapped(path, dtype, series.dataoffset, shape)
    if series.nbytes <= _AT_ONCE:
        values = series.asarray().reshape(shape)
        file.close()
        return values
    # Compressed and large: what a slab touches is decoded, by strips or tiles. Slabs cut pages, so whole ones
    # would be decoded again and again; but single rows as strips would cost more to find than to decode.
    page = series.keyframe
    small = page.nbytes // max(1, len(page.dataoffsets)) < _STRIP and page.nbytes <= _AT_ONCE
    mode = "page" if small else "strile"
    if axes == series.axes:
        return zarr.open_array(series.aszarr(chunkmode=mode), mode="r")
    return Squeezed(zarr.open_array(series.aszarr(chunkmode=mode, squeeze=False), mode="r"), kept)


def _check_complete(file: tifffile.TiffFile, series: Any, path: Path) -> None:
    """Raise if pages lie beyond the end of the file, which readers leave out or fill with zeros."""
    size = path.stat().st_size
    contiguous = series.dataoffset is not None
    ends = [series.dataoffset + series.nbytes] if contiguous else [0]
    for page in [] if contiguous else series.pages:
        spans = zip(page.dataoffsets, page.databytecounts, strict=False) if page is not None else ()
        ends += [offset + count for offset, count in spans]
    if max(ends) > size:
        raise ValueError(f"{max(ends)} bytes are announced, {size} are there")
    file.filehandle.seek(file.pages.next_page_offset or 0)
    following = file.filehandle.read(file.tiff.offsetsize)
    if len(following) < file.tiff.offsetsize or unpack(file.tiff.offsetformat, following)[0]:
        raise ValueError(f"the chain of pages breaks off after page {len(file.pages)}")


def _check_single(file: tifffile.TiffFile, path: Path) -> None:
    first = file.series[0]
    same = [s for s in file.series if s.shape == first.shape and s.dtype == first.dtype]
    if len(same) > 1:
        raise BioLoomError(
            f"{path} holds {len(same)} images of shape {first.shape} (positions or scenes)",
            allowed="one image per file",
            fix="save each as a file of its own",
        )


def _ome(file: tifffile.TiffFile) -> tuple[dict[str, float], tuple[str, ...]]:
    image = tifffile.xml2dict(file.ome_metadata or "")["OME"]["Image"]
    pixels = (image[0] if isinstance(image, list) else image)["Pixels"]
    sizes = {
        axis: float(pixels[f"PhysicalSize{axis}"]) * MICROMETRES[unit]
        for axis in "XYZ"
        if f"PhysicalSize{axis}" in pixels
        and (unit := str(pixels.get(f"PhysicalSize{axis}Unit", "µm"))) in MICROMETRES
    }
    channels = pixels.get("Channel", [])
    channels = channels if isinstance(channels, list) else [channels]
    return sizes, tuple(str(channel.get("Name", "")) for channel in channels)


def _imagej(file: tifffile.TiffFile, page: tifffile.TiffPage) -> tuple[dict[str, float], tuple[str, ...]]:
    found = file.imagej_metadata or {}
    factor = MICROMETRES.get(str(found.get("unit", "")))
    if factor is None:
        return {}, ()
    sizes = {}
    for axis, tag in (("X", "XResolution"), ("Y", "YResolution")):
        count, length = page.tags[tag].value if tag in page.tags else (0, 1)
        if count and length:
            sizes[axis] = length / count * factor
    if found.get("spacing"):
        sizes["Z"] = abs(float(found["spacing"])) * factor
    return sizes, ()
