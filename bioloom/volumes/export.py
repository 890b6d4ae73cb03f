"""Copies of stores in other forms, in which the time points of a file are together again.

An OME-Zarr with a time axis is made without decoding a voxel: the chunks of a time point are chunks of the
whole, under other names::

    test_a_t0003.zarr/0/c/0/1/2   ->   test_a.zarr/0/c/3/0/1/2
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import zarr

from bioloom.errors import BioLoomError
from bioloom.volumes import metadata
from bioloom.volumes.atomic import atomic_path
from bioloom.volumes.formats.tiff import export_tiff
from bioloom.volumes.layout import compressors
from bioloom.volumes.manifest import Entry, digest_folder
from bioloom.volumes.parts import in_series
from bioloom.volumes.store import Volume, open_volume


def export_pack(entries: Iterable[Entry], folder: Path, formats: Sequence[str]) -> list[Entry]:
    """Write the stores of a pack in other formats.

    Parameters
    ----------
    entries : iterable of Entry
        The stores.
    folder : Path
        Where the copies go: ``<image>.tif`` for every file that was given; ``<image>.zarr`` for those with
        several time points, since the others are OME-Zarr already.
    formats : sequence of {"tiff", "zarr"}
        What to write.

    Returns
    -------
    list of Entry
        A line of the manifest for every copy.
    """
    # tables of points are what others read, as they are
    paths = {entry.image: entry.path for entry in entries if entry.path.suffix == ".zarr"}
    written = []
    for name, images in in_series(paths).items():
        volumes = [open_volume(paths[image]) for image in images]
        _check_alike(volumes)
        if "tiff" in formats:
            written.append(export_tiff(volumes, name, folder / f"{name}.tif"))
        if "zarr" in formats and len(volumes) > 1:
            written.append(export_zarr(volumes, name, folder / f"{name}.zarr"))
    return written


def export_zarr(volumes: Sequence[Volume], image: str, path: Path) -> Entry:
    """Put time points together to one OME-Zarr 0.5 image with the axes t,c,(z),y,x and all levels.

    Parameters
    ----------
    volumes : sequence of Volume
        The time points in their order, all of one shape, dtype and layout.
    image : str
        What their ids begin with.
    path : Path
        The store to make, atomically.

    Raises
    ------
    BioLoomError
        If the time points differ.
    """
    _check_alike(volumes)
    first = volumes[0]
    attributes = metadata.read_attributes(first.path)
    scales = metadata.scales_of(attributes)
    found = metadata.attributes(
        scales,
        labels=first.labels,
        dtype=first.dtype,
        channel_names=first.channel_names,
        facts={},
        times=True,
    )
    with atomic_path(path) as temporary:
        zarr.create_group(str(temporary), attributes=found, zarr_format=3)
        for level in range(len(scales)):
            _put_together([open_volume(v.path, level) for v in volumes], temporary)
    return Entry(image, path, (len(volumes), *first.shape), str(first.dtype), digest_folder(path))


def _check_alike(volumes: Sequence[Volume]) -> None:
    first = volumes[0]
    for volume in volumes:
        if (volume.shape, volume.dtype) != (first.shape, first.dtype):
            raise BioLoomError(
                f"{volume.path} is {volume.shape} {volume.dtype}, {first.path} {first.shape} {first.dtype}",
                allowed="time points of one shape and type",
                fix="run the step that wrote them again",
            )


def _put_together(volumes: Sequence[Volume], store: Path) -> None:
    """Create the array of one level in `store` and copy the chunks of every time point into it."""
    first, level = volumes[0].array, str(volumes[0].level)
    zarr.create_array(
        str(store),
        name=level,
        shape=(len(volumes), *first.shape),
        dtype=first.dtype,
        chunks=(1, *first.chunks),
        shards=(1, *first.shards) if first.shards else None,
        compressors=compressors(volumes[0].dtype),
        fill_value=0,
        dimension_names=("t", "c", *"zyx"[-volumes[0].ndim :]),
    )
    for time, volume in enumerate(volumes):
        chunks = volume.path / level / "c"
        if chunks.is_dir():  # a store of zeros has none
            shutil.copytree(chunks, store / level / "c" / str(time), copy_function=shutil.copyfile)
