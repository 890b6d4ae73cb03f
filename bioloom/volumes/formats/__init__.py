"""Readers of foreign image files: one file per format, one line per suffix in the table."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from bioloom.errors import BioLoomError

if TYPE_CHECKING:
    from bioloom.volumes.formats.foreign import Foreign

FORMATS = {
    ".tif": "tiff:read_tiff",
    ".tiff": "tiff:read_tiff",
    ".png": "picture:read_picture",
    ".jpg": "picture:read_picture",
    ".jpeg": "picture:read_picture",
    ".npy": "npy:read_npy",
}


def suffix_of(path: Path) -> str:
    """Return the suffix of `path` as it is written, or "" if no reader knows it."""
    return path.suffix if path.suffix.lower() in FORMATS else ""


def read_foreign(path: Path | str, axes: str | None = None, *, labels: bool = False) -> Foreign:
    """Open an image file; its voxels are read when asked for.

    Parameters
    ----------
    path : Path or str
        The file.
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
    if not suffix_of(path):
        raise BioLoomError(f"{path} is of an unknown format", allowed=", ".join(FORMATS))
    if not path.is_file():
        raise BioLoomError(f"there is no file {path}")
    module, function = FORMATS[path.suffix.lower()].split(":")
    foreign: Foreign = getattr(import_module(f"{__name__}.{module}"), function)(path, axes, labels=labels)
    return foreign
