"""Looking at everything that a config names before anything runs: all mistakes at once, file by file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bioloom.errors import BioLoomError
from bioloom.geometry.grid import tiles
from bioloom.preprocess.checks import check_image, check_labels, check_pair, narrowest, spacing_of
from bioloom.preprocess.classes import check_number, check_objects
from bioloom.preprocess.convert import stored_dtype
from bioloom.preprocess.meaning import Meaning, meaning_of
from bioloom.preprocess.object_classes import Given, classes_of, open_classes
from bioloom.preprocess.pieces import Piece, pieces_of
from bioloom.preprocess.point_labels import open_labels
from bioloom.preprocess.slabs import scan, slab_shape
from bioloom.preprocess.statistics import Statistics
from bioloom.preprocess.voxel_sizes import check_known
from bioloom.registry import table
from bioloom.settings import parse_config, read_yaml
from bioloom.settings.config import Config, learns_classes
from bioloom.settings.rules import spatial_lists
from bioloom.volumes.formats import read_foreign
from bioloom.volumes.formats.foreign import Foreign
from bioloom.volumes.layout import CHUNK_SIDE
from bioloom.volumes.samples import SPLITS, Sample, check_labelled, discover, split_samples


@dataclass(frozen=True)
class Seen:
    """What was found out about one file and its labels.

    Parameters
    ----------
    sample : Sample
        Which files.
    shape : tuple of int
        Spatial shape of its images in voxels.
    channels : int
        Number of channels.
    dtype : str
        Type of the voxels in the file.
    spacing : tuple of float, optional
        Voxel size in micrometres, None if nobody says, empty if it cannot be what is said.
    objects : int, optional
        Labelled objects, None if there are no labels or they were not read.
    times : int
        How many time points the file holds; each is an image of its own.
    facts : dict
        Where in the file its first image lies, see `bioloom.preprocess.pieces`.
    classes : tuple of int
        The ids of the classes in its labels, where these tell classes and were read.
    """

    sample: Sample
    shape: tuple[int, ...]
    channels: int
    dtype: str
    spacing: tuple[float, ...] | None
    objects: int | None = None
    times: int = 1
    facts: dict[str, Any] = field(default_factory=dict)
    classes: tuple[int, ...] = ()


@dataclass
class Checked:
    """What a check found.

    Parameters
    ----------
    config : Config or None
        The config, None if it has mistakes; then what can be checked of its data is.
    samples : list of Sample
        The images, split by split.
    seen : list of Seen
        Those that could be opened.
    mistakes : list of str
        One line each.
    """

    config: Config | None = None
    samples: list[Sample] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)

    @property
    def by_planes(self) -> bool:
        """Whether a network that learns from 2D images is to predict volumes."""
        axes = {split: {len(s.shape) for s in self.seen if s.sample.split == split} for split in SPLITS}
        return axes["train"] == {2} and 3 in axes["test"] | axes["predict"]

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Take note of an error in the body, and go on behind it."""
        try:
            yield
        except BioLoomError as error:
            self.mistakes += [line for line in str(error).splitlines() if line not in self.mistakes]


def check_run(path: Path, *, values: bool = True) -> Checked:
    """Check a config and every file that it names.

    Parameters
    ----------
    path : Path
        The config.
    values : bool, default True
        Whether all voxels are read, slab by slab, and not the headers only.

    Returns
    -------
    Checked
        Everything found, mistakes included: none is raised.
    """
    checked = Checked()
    data = None
    with checked.noting():
        text = read_yaml(path)
        data = _data_of(text, checked, path)
    if data is None:
        return checked
    _find_samples(data, checked)
    for sample in checked.samples:
        with checked.noting():
            _look(sample, data, checked, values=values)
    _compare(checked, data)
    return checked


def _data_of(text: dict[str, Any], checked: Checked, path: Path) -> Config | None:
    """Return the config, or if it has mistakes one that holds its section ``data`` only."""
    with checked.noting():
        checked.config = parse_config(text, source=str(path))
        return checked.config
    try:
        tasks = table("task")
        task = text.get("task")
        if not isinstance(task, str) or task not in tasks:
            task = next(name for name in tasks if tasks[name].truth == "objects")
        return parse_config({"run": "data", "task": task, "data": text.get("data")})
    except BioLoomError:
        return None  # its mistakes are among those of the whole config


def _find_samples(config: Config, checked: Checked) -> None:
    """Note the samples; if they are faulty as a whole, those of every split by itself."""
    try:
        checked.samples = discover(config.data)
    except BioLoomError as error:
        before = len(checked.mistakes)
        for split in SPLITS:
            if (source := getattr(config.data, split)) is not None:
                with checked.noting():
                    checked.samples += split_samples(split, source)
        if len(checked.mistakes) == before:
            checked.mistakes.append(str(error))
    else:
        with checked.noting():
            check_labelled(checked.samples, classes=learns_classes(config))


def _look(sample: Sample, config: Config, checked: Checked, *, values: bool) -> None:
    """Open the files of one sample; whatever is wrong about them is noted."""
    axes, meaning = config.data.axes, meaning_of(config)
    image = labels = given = None
    spacing: tuple[float, ...] | None = ()
    with checked.noting():
        image = read_foreign(sample.path, axes)
        found, known = spacing_of(image, config.data.voxel_size)
        spacing = found if known else None
    if sample.labels is not None:
        with checked.noting():
            labels = open_labels(sample.labels, image, axes, meaning.truth)
            check_labels(labels)
            if image is not None:
                check_pair(image, labels)
    if sample.classes is not None:
        with checked.noting():
            given = open_classes(sample.classes, image or labels, axes)
    if isinstance(given, Foreign) and (labels is None or not _alike(labels, given)):
        given = None  # said above
    pieces = _pieces(sample, image, checked)
    for piece in pieces if values else ():
        with checked.noting():
            check_image(sample.split, piece.name, _statistics(piece.voxels))
    kinds: set[int] = set()
    ids = _ids(_pieces(sample, labels, checked, given), meaning, checked, kinds) if values else None
    objects = None if ids is None else int(sum(map(np.count_nonzero, ids)))
    classes = (
        _classes(ids, meaning) if ids is not None and meaning.truth == "classes" else tuple(sorted(kinds))
    )
    if image is not None and pieces:
        dtype, first = str(image.source.dtype), pieces[0]
        what = (first.voxels.spatial, image.channels, dtype, spacing, objects)
        checked.seen.append(Seen(sample, *what, len(pieces), first.facts, classes))


def _pieces(
    sample: Sample, file: Foreign | None, checked: Checked, classes: Given | None = None
) -> list[Piece]:
    """Return the images of a file of a sample, be they images or labels; none if it cannot be cut."""
    if file is not None:
        with checked.noting():
            return pieces_of(sample, file, None, classes)
    return []


def _statistics(image: Foreign) -> Statistics:
    dtype = stored_dtype(image)
    slabs = list(tiles(image.spatial, slab_shape(image, (CHUNK_SIDE[image.ndim],) * image.ndim)))
    statistics = Statistics(image.channels, dtype, again=lambda: map(image.read, slabs))
    for slab in slabs:
        statistics.add(image.read(slab).astype(dtype, copy=False))
    return statistics


def _alike(labels: Foreign, classes: Foreign) -> bool:
    return (labels.spatial, labels.times) == (classes.spatial, classes.times)


def _ids(
    pieces: Sequence[Piece], meaning: Meaning, checked: Checked, kinds: set[int]
) -> list[np.ndarray] | None:
    """Return the ids in the labels of every image; None if they are of another kind, which is noted.

    The classes of objects are added to `kinds`.
    """
    found_ids = []
    for piece in pieces:
        labels = piece.voxels
        if labels.dtype.kind == "f" or labels.channels != 1:
            return None
        with checked.noting():
            found = scan(labels, objects=True)
            narrowest(labels.path, *found.range, signed=False)
            meaning.check(labels.path, found.ids)
            found_ids.append(found.ids)
            if piece.classes is not None:
                kinds |= set(classes_of(labels, piece.classes, found.ids, meaning).values())
    return found_ids or None


def _classes(found: Sequence[np.ndarray], meaning: Meaning) -> tuple[int, ...]:
    there = np.unique(np.concatenate(found)).tolist()
    return tuple(id_ for id_ in there if id_ != meaning.ignore)


def _compare(checked: Checked, config: Config) -> None:
    """Note images that differ in kind from the first ones, lists over space and classes that do not suit.

    Noted as well are voxel sizes of which some are known and some are not.
    """
    if not checked.seen:
        return
    with checked.noting():
        check_known({seen.sample.path: seen.spacing for seen in checked.seen if seen.spacing != ()})
    learned = sorted({id_ for seen in checked.seen if seen.sample.split == "train" for id_ in seen.classes})
    if learned and config.data.classes == "auto":
        with checked.noting():
            (check_number if meaning_of(config).truth == "classes" else check_objects)(learned)
    first = checked.seen[0]
    of_split: dict[str, Seen] = {}
    for other in checked.seen:
        partner = of_split.setdefault(other.sample.split, other)
        partner = first if partner is other else partner
        if _kind(other) != _kind(partner) and not (partner is first and _by_planes(first, other)):
            checked.mistakes.append(
                f"{other.sample.path} has {_kind(other)}, {partner.sample.path} has {_kind(partner)}; "
                "allowed: images of one kind in a run, or of two where a network that learns from 2D images "
                "predicts volumes; fix: sort them into runs, or set data.axes"
            )
    for (section, key), numbers in spatial_lists(config).items():
        option = f"{section}.{key}"
        if section != "data" and len(numbers) != len(first.shape):
            checked.mistakes.append(
                f"{option} has {len(numbers)} numbers, {first.sample.path} has {len(first.shape)} spatial "
                "axes; allowed: one number per spatial axis; fix: correct it, or data.axes"
            )


def _by_planes(learned: Seen, other: Seen) -> bool:
    """Return whether a network that learned from images like one predicts the other plane by plane."""
    splits = learned.sample.split == "train", other.sample.split in ("test", "predict")
    axes = len(learned.shape) == 2, len(other.shape) == 3
    return all((*splits, *axes)) and learned.channels == other.channels


def _kind(seen: Seen) -> str:
    return f"{seen.channels} channel(s) and {len(seen.shape)} spatial axes"
