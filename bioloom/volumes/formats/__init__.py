"""Readers of foreign image files: one file per format, one line per suffix in the table."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from bioloom.errors import BioLoomError
from bioloom.volumes.inner import is_store, split_inner

if TYPE_CHECKING:
    from bioloom.volumes.formats.foreign import Foreign

FORMATS = {
    ".tif": "tiff:read_tiff",
    ".tiff": "tiff:read_tiff",
    ".png": "picture:read_picture",
    ".jpg": "picture:read_picture",
    ".jpeg": "picture:read_picture",
    ".npy": "npy:read_npy",
    ".h5": "hdf5:read_hdf5",
    ".hdf5": "hdf5:read_hdf5",
    ".hdf": "hdf5:read_hdf5",
    ".zarr": "ome_zarr:read_zarr",
    ".n5": "n5:read_n5",
    ".npz": "npz:read_npz",
    ".nii": "nifti:read_nifti",
    ".nii.gz": "nifti:read_nifti",
    ".nd2": "vendor:read_vendor",
    ".lif": "vendor:read_vendor",
    ".dv": "vendor:read_vendor",
    ".czi": "vendor:read_vendor",
}


def suffix_of(path: Path) -> str:
    """Return the suffix of the file that `path` is in as it is written, or "" if no reader knows it."""
    name = split_inner(path)[0].name
    known = [name[-len(suffix) :] for suffix in FORMATS if name.lower().endswith(suffix)]
    return max(known, key=len, default="")


def read_foreign(path: Path | str, axes: str | None = None, *, labels: bool = False) -> Foreign:
    """Open an image file; its voxels are read when asked for.

    Parameters
    ----------
    path : Path or str
        The file, or a place inside it (``plate.h5/raw``).
    axes : str, optional
        What its axes are, upper case, for example ``ZYX`` or ``YXC``; what the file says by default.
    labels : bool, default False
        Whether the voxels are labels: then palette indices are what counts, and `axes` may name a channel
        axis that the file lacks.

    Raises
    ------
    BioLoomError
        If the file is missing, truncated, of an unknown format, or does not fit `axes`.
    """
    path = Path(path)
    suffix, container = suffix_of(path), split_inner(path)[0]
    if not suffix:
        raise BioLoomError(f"{path} is of an unknown format", allowed=", ".join(FORMATS))
    if not (container.is_file() or is_store(container)):
        raise BioLoomError(f"there is no file {container}")
    module, function = FORMATS[suffix.lower()].split(":")
    foreign: Foreign = getattr(import_module(f"{__name__}.{module}"), function)(path, axes, labels=labels)
    return foreign
