"""Images inside containers: ``plate.h5/raw`` is the dataset ``raw`` of the file ``plate.h5``.

A container is a file (HDF5, NPZ) or a store, that is a folder which counts as one file (Zarr, N5). The
Snakefile asks for all of this while it is parsed, so no container is opened here.
"""

from __future__ import annotations

from pathlib import Path, PurePath

FILES = (".h5", ".hdf5", ".hdf", ".npz")
STORES = {".zarr": "zarr.json", ".n5": "attributes.json"}
"""Suffixes of folders that count as one file, and the metadata that a new one has."""
METADATA = ("zarr.json", ".zattrs", ".zarray", ".zgroup", "attributes.json")
"""The small files that say what a store holds."""


def split_inner(path: Path) -> tuple[Path, str]:
    """Return the container and the path of the image inside it, "" if `path` names no place in one.

    A metadata file of a store stands for the folder it is in: ``a.zarr/labels/.zattrs`` is ``labels``.
    """
    for position, part in enumerate(path.parts, start=1):
        suffix = PurePath(part).suffix.lower()
        container = Path(*path.parts[:position])
        if suffix in STORES or (suffix in FILES and not container.is_dir()):
            inner = path.parts[position:]
            return container, "/".join(inner[:-1] if inner and inner[-1] in METADATA else inner)
    return path, ""


def is_store(path: Path) -> bool:
    """Return whether `path` is a folder that counts as one file."""
    return path.suffix.lower() in STORES and path.is_dir()


def file_name(path: Path) -> str:
    """Return the name of a file, with the place inside it if `path` has one: ``plate.h5/raw``."""
    container, inner = split_inner(path)
    return f"{container.name}/{inner}" if inner else container.name


def size_of(path: Path) -> int | None:
    """Return the bytes of the file that `path` is in; None if it is a store or does not exist yet."""
    container = split_inner(path)[0]
    return container.stat().st_size if container.is_file() else None


def raw_input(path: Path) -> Path:
    """Return the file that a job which reads `path` depends on: the file itself, of a store its metadata.

    The metadata of the whole store counts, so that this is the same file before and after a store is made:
    one that is yet to be made will have ``zarr.json`` (N5: ``attributes.json``). If another file is to
    count, such as ``.zattrs``, `path` names it.
    """
    container, inner = split_inner(path)
    suffix = container.suffix.lower()
    if suffix not in STORES:
        return container
    if path.name in METADATA:
        return path
    found = (place / name for place in (container, container / inner) for name in METADATA)
    return next((file for file in found if file.is_file()), container / STORES[suffix])
