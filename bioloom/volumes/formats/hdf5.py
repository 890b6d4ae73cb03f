"""HDF5 files: one dataset of them, ``plate.h5/raw``, or the only one that can be an image.

- axes: ``axistags`` (vigra, ilastik) or the labels of the dimensions; else as many as there are
- voxel size: ``element_size_um``, in the order z, y, x, of the dataset or of a group it is in
- only what is in the file itself is read: external links, external storage and virtual datasets are refused
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.volumes.formats.axes import letters_of, open_array
from bioloom.volumes.formats.foreign import Foreign, reading
from bioloom.volumes.inner import split_inner

_SHOWN = 10
_LINKS = 16


@dataclass(frozen=True)
class Dataset:
    """A dataset; the file is opened for every access, so no handle outlives it.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        The dataset.
    shape : tuple of int
        Its sides.
    dtype : numpy.dtype
        Its type.
    """

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype

    def __getitem__(self, index: Any) -> Any:
        """Return a part as an array."""
        with _opened(self.path) as file:
            return file[self.name][index]


def read_hdf5(path: Path, axes: str | None = None, *, labels: bool = False) -> Foreign:
    """Open a dataset of an HDF5 file (see `bioloom.volumes.formats.read_foreign`)."""
    container, inner = split_inner(path)
    with reading(path), _opened(container) as file:
        found = _resolve(file, inner, path)
        dataset = found if isinstance(found, h5py.Dataset) else _only(found, path)
        _check(dataset, path)
        source = Dataset(container, dataset.name, tuple(dataset.shape), dataset.dtype)
        return open_array(path, source, _axes(dataset), axes, labels=labels, sizes=_sizes(dataset))


def _opened(path: Path) -> h5py.File:
    # Locks fail on read-only and on some network file systems, and a reader needs none.
    return h5py.File(path, "r", locking=False)


def _resolve(file: h5py.File, inner: str, path: Path) -> Any:
    """Return the group or dataset at `inner`, following links step by step and never out of the file."""
    found: Any = file
    steps = inner.split("/")[::-1]
    for _ in range(len(steps) + _LINKS):
        if not steps:
            break
        step = steps.pop()
        if step in ("", "."):
            continue
        kind, target = _link(found, step)
        if kind == h5py.h5l.TYPE_EXTERNAL:
            raise _outside(path, f"a link to the file {target}")
        if kind == h5py.h5l.TYPE_SOFT:
            found = file if target.startswith("/") else found
            steps += target.split("/")[::-1]
        elif kind == h5py.h5l.TYPE_HARD:
            found = found[step]
        else:
            raise _absent(path, file)
    if steps:
        raise BioLoomError(f"{path} is a link that leads to links without end", fix="name the dataset itself")
    return found


def _link(group: Any, name: str) -> tuple[int | None, str]:
    """Return the kind of a link (None if there is none) and where it leads; nothing is opened."""
    key = name.encode()
    if not isinstance(group, h5py.Group) or not group.id.links.exists(key):
        return None, ""
    kind = group.id.links.get_info(key).type
    if kind == h5py.h5l.TYPE_HARD:
        return kind, ""
    target = group.id.links.get_val(key)
    return kind, (target[0] if isinstance(target, tuple) else target).decode()


def _only(group: h5py.Group, path: Path) -> h5py.Dataset:
    datasets = list(_images(group))
    if len(datasets) == 1:
        return datasets[0]
    container = split_inner(path)[0]
    if not datasets:
        raise BioLoomError(f"{path} holds no dataset of numbers with two axes or more")
    raise BioLoomError(
        f"{path} holds {len(datasets)} datasets: {_listed(datasets)}",
        fix=f"say which, for example {container}{datasets[0].name}",
    )


def _images(group: h5py.Group) -> Iterator[h5py.Dataset]:
    """Yield the datasets that may be images; only hard links are followed, each object is met once."""
    found: list[h5py.Dataset] = []

    def note(name: str, thing: Any) -> None:
        if isinstance(thing, h5py.Dataset) and len(thing.shape or ()) >= 2 and thing.dtype.kind in "biuf":
            found.append(thing)

    group.visititems(note)
    yield from found


def _check(dataset: h5py.Dataset, path: Path) -> None:
    if dataset.external:
        raise _outside(path, f"voxels that lie in the file {dataset.external[0][0]}")
    if dataset.is_virtual:
        raise _outside(path, "a virtual dataset, whose voxels lie in other files")
    if dataset.shape is None:
        raise BioLoomError(f"{path} is an empty dataset")
    creation = dataset.id.get_create_plist()
    for number in range(creation.get_nfilters()):
        code, _, _, name = creation.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            raise BioLoomError(
                f"{path} is compressed by the filter {code} ({name.decode(errors='replace') or 'unnamed'}), "
                "which is not known here",
                allowed="gzip, lzf, szip, shuffle, fletcher32, scaleoffset, nbit",
                fix="save it with gzip",
            )


def _axes(dataset: h5py.Dataset) -> str | None:
    ndim = len(dataset.shape)
    tags = dataset.attrs.get("axistags")
    if isinstance(tags, str | bytes):
        letters = letters_of(tag.get("key", "") for tag in json.loads(tags)["axes"])
        return letters if len(letters) == ndim else None
    names = [dimension.label for dimension in dataset.dims]
    return letters_of(names) if any(names) else None


def _sizes(dataset: h5py.Dataset) -> dict[str, float]:
    place: Any = dataset
    while True:
        if "element_size_um" in place.attrs:
            values = np.ravel(place.attrs["element_size_um"]).astype(float).tolist()
            return dict(zip("ZYX"[-len(values) :], values, strict=True)) if len(values) in (2, 3) else {}
        if place.name == "/":
            return {}
        place = place.parent


def _listed(datasets: list[h5py.Dataset]) -> str:
    lines = [f"{d.name[1:]} ({' x '.join(map(str, d.shape))}, {d.dtype})" for d in datasets[:_SHOWN]]
    return ", ".join(lines) + (", ..." if len(datasets) > _SHOWN else "")


def _absent(path: Path, file: h5py.File) -> BioLoomError:
    container, inner = split_inner(path)
    datasets = list(_images(file))
    return BioLoomError(
        f"{container} holds no '{inner}'",
        allowed=_listed(datasets),
        fix=did_you_mean(inner, [dataset.name[1:] for dataset in datasets]),
    )


def _outside(path: Path, what: str) -> BioLoomError:
    return BioLoomError(
        f"{path} is {what}",
        allowed="voxels in the file itself",
        fix="copy them into one file, or give the other",
    )
