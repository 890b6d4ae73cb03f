"""Finding the files that a config names, and which labels belong to which image."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import Protocol

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.volumes.formats import FORMATS, suffix_of
from bioloom.volumes.inner import is_store, split_inner


class Source(Protocol):
    """The section ``data.<split>`` of a config: a folder, a glob or a list of files."""

    @property
    def images(self) -> str | list[str]:
        """The images."""

    @property
    def labels(self) -> str | list[str] | None:
        """Their labels."""

    @property
    def classes(self) -> str | list[str] | None:
        """The classes of the objects in these labels."""


class Data(Protocol):
    """What of the section ``data`` of a config counts here; beside it has train, val, test and predict."""

    @property
    def samples(self) -> str | None:
        """A CSV file that lists the images, instead of sources."""

    @property
    def val_fraction(self) -> float:
        """Share of the training images to validate on."""

    @property
    def seed(self) -> int:
        """Which of them."""


_AFFIXES = ("image", "images", "img", "raw", "mask", "masks", "label", "labels", "lbl", "seg", "gt", "points")
_OF_CLASSES = (*_AFFIXES, "class", "classes", "type", "types")
_SHOWN = 5
TABLE = ".csv"


def find_files(source: str | Sequence[str], key: str, *, tables: bool = False) -> list[Path]:
    """Return the readable files, absolute, that a folder, a glob, a file or a list of these stands for.

    A file may be followed by a place inside it (``a.h5/raw``), also in a glob (``*.h5/raw``); a folder that
    is a store (``a.zarr``) counts as a file.

    Parameters
    ----------
    source : str or sequence of str
        What the config says. Hidden files and other suffixes in a folder or glob are passed over.
    key : str
        Where the config says so, for messages (``data.train.images``).
    tables : bool, default False
        Whether CSV files count where a folder or glob holds no image: labels may be tables of points.

    Returns
    -------
    list of Path
        Each item's files in natural order (``t2`` before ``t10``), the items in theirs.

    Raises
    ------
    BioLoomError
        If an item does not exist, holds nothing readable, or is a file of another format.
    """
    items = [source] if isinstance(source, str) else list(source)
    if not items:
        raise BioLoomError(f"{key} is an empty list", allowed="a folder, a glob or a list of files")
    return list(dict.fromkeys(path for item in items for path in _expand(str(item), key, tables)))


def stem(path: Path) -> str:
    """Return the name of a file without its suffix, without both of ``.ome.tif``; of ``a.h5/raw`` it is a."""
    path = split_inner(path)[0]
    name = path.name.removesuffix(path.suffix) if not suffix_of(path) else path.name[: -len(suffix_of(path))]
    return name[:-4] if name.lower().endswith(".ome") else name


def image_id(split: str, path: Path) -> str:
    """Return the id of an image: ``<split>_<stem>``, where all but letters, digits and "." becomes "-"."""
    return item_id(split, stem(path))


def item_id(split: str, name: str) -> str:
    """Return the id of an image or pack of that name, safe in a file name."""
    return f"{split}_{re.sub(r'[^A-Za-z0-9.-]', '-', name)}"


def natural(path: Path) -> list[tuple[int, int, str]]:
    """Return the sort key that puts ``t2`` before ``t10``."""
    pieces = re.split(r"(\d+)", str(path))
    return [(0, int(p), p) if p.isdecimal() else (1, 0, p.casefold()) for p in pieces]


def pair(
    images: Sequence[Path], labels: Sequence[Path], key: str, *, whole: bool = True, noun: str = "label"
) -> list[Path]:
    """Return for every image its labels, found by the stem of the file name.

    First equal stems are paired, then stems that are equal once words such as ``_mask``, ``labels_`` or
    ``img_`` are taken off both ends.

    Parameters
    ----------
    images, labels : sequence of Path
        The files.
    key : str
        Section of the config, for messages (``data.train``).
    whole : bool, default True
        Whether labels without an image are a mistake, too.
    noun : str
        What a label is called in messages.

    Raises
    ------
    BioLoomError
        If a file has no partner or several, or an image would be its own labels.
    """
    nouns = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    if set(images) & set(labels):
        raise BioLoomError(
            f"{key}: {sorted(set(images) & set(labels))[0]} is given both as image and as {nouns}",
            fix="give two folders, or two globs such as data/*_img.tif and data/*_mask.tif",
        )
    exact = _by_stem(labels, key, stem)
    paired = {exact.get(stem(image)) for image in images}
    rest = [label for label in labels if label not in paired]
    words = _OF_CLASSES if noun == "class" else _AFFIXES
    core = _by_stem(rest, key, lambda path: _core(path, words))
    _by_stem([image for image in images if stem(image) not in exact], key, _core)
    found = {image: exact.get(stem(image)) or core.get(_core(image)) for image in images}
    alone = [stem(image) for image, label in found.items() if label is None]
    if alone:
        raise BioLoomError(
            f"{key}: no {nouns} for {_some(alone, 'image')} ({nouns} are called {_some(map(stem, labels))})",
            fix=f"name the {nouns} like the images, with at most a word like _mask or _label added",
        )
    used = set(found.values())
    spare = [stem(label) for label in labels if label not in used]
    if spare and whole:
        raise BioLoomError(f"{key}: no image for {_some(spare, f'{noun} file')}", fix="remove or rename them")
    return [label for label in found.values() if label is not None]


def missing(path: Path, key: str) -> BioLoomError:
    """Return the error for a path that does not exist: how far it does, and what there sounds alike."""
    parent = next((p for p in path.parents if p.exists()), Path(path.anchor))
    wrong = path.relative_to(parent).parts[0] if path != parent else ""
    names = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
    return BioLoomError(f"{key}: there is no {path} ({parent} exists)", fix=did_you_mean(wrong, names))


def _expand(item: str, key: str, tables: bool) -> list[Path]:
    path, inner = split_inner(Path(item).absolute())
    if path.is_file() or is_store(path):
        if not suffix_of(path) and not (tables and path.suffix.lower() == TABLE):
            raise BioLoomError(f"{key}: {path} is of an unknown format", allowed=", ".join(FORMATS))
        return [path / inner]
    if path.is_dir():
        found = _readable(path.iterdir(), tables)
    elif has_magic(inner):
        raise BioLoomError(
            f"{key}: {item} has a glob inside {path.name}",
            allowed="globs of files, then the path of one image inside them, such as train/*.h5/raw",
        )
    elif has_magic(item):
        found = _readable(map(Path, glob(str(path), recursive=True)), tables)
    else:
        raise missing(path, key)
    if not found:
        raise BioLoomError(f"{key}: {path} holds no image", allowed=f"files that end in {', '.join(FORMATS)}")
    return [file / inner for file in sorted(found, key=natural)]


def _readable(paths: Iterable[Path], tables: bool) -> list[Path]:
    """Return the images among some paths; where there is none, and tables are looked for, the tables."""
    shown = [path for path in paths if path.name[0] != "."]
    images = [path for path in shown if suffix_of(path) and (path.is_file() or is_store(path))]
    return images or [path for path in shown if tables and path.suffix.lower() == TABLE and path.is_file()]


def _core(path: Path, words: Sequence[str] = _AFFIXES) -> str:
    """Return the name of a file without such words at its ends."""
    one = "|".join(words)
    name, before = stem(path), ""
    while name != before:
        before, name = name, re.sub(rf"^(?:{one})(?:[ _.-]+|(?=\d))", "", name, flags=re.IGNORECASE)
        name = re.sub(rf"[ _.-]+(?:{one})$", "", name, flags=re.IGNORECASE)
    return "" if name.lower() in words else name


def _by_stem(paths: Sequence[Path], key: str, name: Callable[[Path], str]) -> dict[str, Path]:
    table: dict[str, Path] = {}
    for path in paths:
        other = table.setdefault(name(path), path)
        if other != path:
            raise BioLoomError(
                f"{key}: {other} and {path} have the same name", fix="rename one of them, or give `samples:`"
            )
    return table


def _some(names: Iterable[str], noun: str = "") -> str:
    names = list(names)
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return f"{len(names)} {noun}{'s' if len(names) > 1 else ''}: {shown}" if noun else shown
