"""Manifests: the images that a job wrote, in a table that is written last.

A manifest is what rules declare and depend on. It holds no times, so that making the same stores again
makes the same manifest.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from bioloom.errors import BioLoomError
from bioloom.volumes.atomic import write_text

COLUMNS = ("image", "path", "shape", "dtype", "digest")
_PIECE = 1 << 22


@dataclass(frozen=True, slots=True)
class Entry:
    """One product of a job.

    Parameters
    ----------
    image : str
        Image id.
    path : Path
        The store or file. In the table it stands relative to the manifest's folder.
    shape : tuple of int
        Shape of the array, ``(channel, *spatial)``.
    dtype : str
        Name of its dtype, for example ``uint16``.
    digest : str
        What `digest_folder` said about it.
    """

    image: str
    path: Path
    shape: tuple[int, ...]
    dtype: str
    digest: str


def write_manifest(path: Path | str, entries: Iterable[Entry]) -> None:
    """Write `entries` to the CSV file `path`, atomically; the stores must be complete by then."""
    path = Path(path)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        relative = Path(os.path.relpath(entry.path, path.parent)).as_posix()
        shape = "x".join(map(str, entry.shape))
        writer.writerow((entry.image, relative, shape, entry.dtype, entry.digest))
    write_text(path, text.getvalue())


def read_manifest(path: Path | str) -> list[Entry]:
    """Return the entries of the manifest `path`, their paths joined to its folder.

    Raises
    ------
    BioLoomError
        If the file is missing or is no manifest, or names a path outside the run's folder.
    """
    path = Path(path)
    if not path.is_file():
        raise BioLoomError(f"there is no manifest {path}", fix="run the step that writes it")
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = list(csv.reader(file))
    if not rows or tuple(rows[0]) != COLUMNS:
        raise BioLoomError(
            f"{path} is no manifest", allowed=f"a CSV file with the columns {','.join(COLUMNS)}"
        )
    entries = [_parse(path, line, row) for line, row in enumerate(rows[1:], start=2)]
    # A copy in another format is another file of the same image.
    if len({(entry.image, entry.path.suffix) for entry in entries}) < len(entries):
        raise BioLoomError(f"{path} lists an image twice", fix="run the step that writes it again")
    return entries


def entry_of(entries: Iterable[Entry], image: str) -> Entry:
    """Return the entry of one image.

    Raises
    ------
    BioLoomError
        If there is none: tables of different packs were given.
    """
    for entry in entries:
        if entry.image == image:
            return entry
    raise BioLoomError(f"the manifest does not list the image '{image}'", fix="give the tables of one pack")


class Stores(dict[str, Path]):
    """The stores of some manifests, by image; asking for one that they do not list is a clear error.

    Parameters
    ----------
    *manifests : Path
        The manifests.
    """

    def __init__(self, *manifests: Path) -> None:
        super().__init__((entry.image, entry.path) for path in manifests for entry in read_manifest(path))
        self._manifests = manifests

    def __missing__(self, image: str) -> Path:
        names = ", ".join(map(str, self._manifests)) or "the manifests"
        raise BioLoomError(
            f"there is no image '{image}' in {names}", fix="give the manifests of one pack of one run"
        )


def digest_folder(path: Path | str) -> str:
    """Return the BLAKE2b digest (32 hex digits) of a store: its sorted relative names and their bytes.

    A single file counts as a folder with one nameless file. Hidden and ``.partial`` files, which a killed
    writer or a workflow engine may leave in a store, do not count.
    """
    path = Path(path)
    digest = blake2b(digest_size=16)
    files = (
        [path] if path.is_file() else sorted(_files(path), key=lambda file: file.relative_to(path).as_posix())
    )
    for file in files:
        name = "" if file == path else file.relative_to(path).as_posix()
        # Lengths before contents: no two different folders can give the same stream of bytes.
        digest.update(f"{name}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
    return digest.hexdigest()


def _files(folder: Path) -> Iterable[Path]:
    for root, _, names in os.walk(folder):
        yield from (Path(root, name) for name in names if name[0] != "." and not name.endswith(".partial"))


def _parse(manifest: Path, line: int, row: list[str]) -> Entry:
    try:
        image, relative, shape, dtype, digest = row
        sides = tuple(int(side) for side in shape.split("x"))
    except ValueError:
        raise BioLoomError(
            f"{manifest}, line {line}: {','.join(row)!r} is no entry", allowed=",".join(COLUMNS)
        ) from None
    folder = Path(os.path.abspath(manifest.parent))
    path = Path(os.path.normpath(folder / relative))
    # A results folder may come from somebody else: its tables must not lead out of it.
    if not path.is_relative_to(folder.parent):
        raise BioLoomError(f"{manifest}, line {line}: {relative!r} leads out of the run's folder")
    return Entry(image, path, sides, dtype, digest)
