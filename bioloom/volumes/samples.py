"""The samples of a run: which files are in it.

The Snakefile asks for them whenever it is parsed, once for every job: nothing heavy is imported here, and
no image is opened.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.volumes.atomic import write_text
from bioloom.volumes.given_table import check_width
from bioloom.volumes.inner import file_name
from bioloom.volumes.sources import Data, Source, find_files, image_id, missing, pair, stem
from bioloom.volumes.validation import split_validation

SPLITS = ("train", "val", "test", "predict")
COLUMNS = ("image", "split", "images", "labels", "classes", "class", "group", "part")


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of a run, or a region of it; each of its time points becomes an image of its own.

    Parameters
    ----------
    image : str
        Image id, ``<split>_<stem>``; that of a time point goes on with ``_t0003``.
    split : {"train", "val", "test", "predict"}
        What it is for.
    path : Path
        Its file, absolute, with the place inside it if there is one (``a.h5/raw``).
    labels : Path, optional
        The file of its labels, likewise.
    classes : Path, optional
        The file of the classes of the objects in its labels.
    class_ : str, optional
        Its class, in classification.
    group : str, optional
        What it shares with others (a slide, a patient): groups are never torn between training and
        validation.
    part : str
        Which region of the file, see `bioloom.volumes.parts`; empty for all of it.
    pack : str, optional
        Name of its pack, for `bioloom.volumes.packs`.
    """

    image: str
    split: str
    path: Path
    labels: Path | None = None
    classes: Path | None = None
    class_: str | None = None
    group: str | None = None
    part: str = ""
    pack: str | None = None


def discover(data: Data) -> list[Sample]:
    """Return the samples that the section ``data`` of a config stands for, split by split, in natural order.

    Where training images come without validation images, `split_validation` sets some aside.

    Files named by a folder or glob must exist; those listed in ``data.samples`` may be made later by other
    rules. Relative paths count from the current folder.

    Raises
    ------
    BioLoomError
        For missing or empty folders, images without labels, two images of one id, a file or group in two of
        the splits that must not know of each other, or a faulty table.
    """
    samples = read_samples(Path(data.samples)) if data.samples else []
    for split in SPLITS:
        source: Source | None = getattr(data, split)
        if source is not None:
            samples += split_samples(split, source)
    _check_unique(samples)
    _check_apart(samples)
    samples = split_validation(samples, data.val_fraction, data.seed)
    _check_unique(samples)
    # Split by split, for packs are made of neighbours.
    return sorted(samples, key=lambda sample: SPLITS.index(sample.split))


def check_labelled(samples: Iterable[Sample], *, classes: bool = False) -> list[Sample]:
    """Return `samples` if a run can learn from them and score on them.

    Parameters
    ----------
    samples : iterable of Sample
        The samples of all splits.
    classes : bool
        Whether the run learns the classes of objects.

    Raises
    ------
    BioLoomError
        If there are no training images, or images to learn from or to be scored on lack labels, or
        classes are given to a run that does not learn them, or lack in one that does.
    """
    samples = list(samples)
    if not any(sample.split == "train" for sample in samples):
        raise BioLoomError("data: there are no training images", fix="give data.train, images and labels")
    for split in ("train", "val", "test"):
        bare = [file_name(s.path) for s in samples if s.split == split and s.labels is None]
        if bare:
            more = f" and {len(bare) - 1} more" if len(bare) > 1 else ""
            fix = "give their labels" + (", or put them under data.predict" if split == "test" else "")
            raise BioLoomError(f"data.{split}: no labels for {bare[0]}{more}", fix=fix)
    _check_classes(samples, learned=classes)
    return samples


def _check_classes(samples: Iterable[Sample], *, learned: bool) -> None:
    """Raise if classes of objects are given and not learned, or lack where they are."""
    for sample in samples:
        if sample.classes is not None and not learned:
            raise BioLoomError(
                f"{file_name(sample.path)} has classes of objects, which this run does not learn",
                fix="list their ids for instance segmentation, such as data: {classes: [1, 2]}; otherwise "
                "leave out the column `classes`",
            )
        if sample.classes is None and learned and sample.split in ("train", "val"):
            raise BioLoomError(
                f"data.{sample.split}: no classes of objects for {file_name(sample.path)}",
                allowed="classes for all images to learn from and to validate on",
                fix="give them, or leave all classes out",
            )


def read_samples(path: Path) -> list[Sample]:
    """Return the samples of a CSV file: columns ``split,image[,labels,classes,class,group,pack]``.

    Other columns are not looked at. A sample without a pack has one of its own: the size of a file that is
    made later cannot decide.

    Raises
    ------
    BioLoomError
        If the file or a column is missing, a split is unknown, a field is empty, or an image has classes of
        objects but no labels.
    """
    path = path.absolute()
    if not path.is_file():
        raise missing(path, "data.samples")
    with io.StringIO(_text(path), newline="") as file:
        reader = csv.DictReader(file)
        columns = [column.strip() for column in reader.fieldnames or ()]
        reader.fieldnames = columns
        for column in ("split", "image"):
            if column not in columns:
                raise BioLoomError(
                    f"{path} has no column '{column}' (it has {','.join(columns)})",
                    allowed="split,image,labels,classes,class,group,pack, separated by commas",
                    fix=did_you_mean(column, columns),
                )
        samples = [_of_row(row, f"{path}, line {reader.line_num}") for row in reader if any(row.values())]
    if not samples:
        raise BioLoomError(f"{path} lists no image")
    return samples


def pack_table(samples: Iterable[Sample]) -> str:
    """Return the text of the table of a pack, ``packs/{pack}.csv``."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for s in samples:
        files = (s.path, s.labels or "", s.classes or "")
        writer.writerow((s.image, s.split, *files, s.class_ or "", s.group or "", s.part))
    return text.getvalue()


def write_pack(path: Path | str, samples: Iterable[Sample]) -> None:
    """Write the table of a pack, atomically."""
    write_text(path, pack_table(samples))


def read_pack(path: Path | str) -> list[Sample]:
    """Return the samples of the table of a pack."""
    path = Path(path)
    if not path.is_file():
        raise BioLoomError(f"there is no pack table {path}", fix="run the workflow, which writes it")
    with io.StringIO(_text(path), newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise BioLoomError(f"{path} is no pack table", allowed=f"the columns {','.join(COLUMNS)}")
        return [
            replace(_sample(row["image"], row["split"], row["images"], row), part=row["part"])
            for row in reader
        ]


def split_samples(split: str, source: Source) -> list[Sample]:
    """Return the samples that the section ``data.<split>`` of a config stands for (see `discover`)."""
    images = find_files(source.images, f"data.{split}.images")
    if source.labels is None:
        return [Sample(image_id(split, path), split, path) for path in images]
    labels = find_files(source.labels, f"data.{split}.labels", tables=True)
    whole = isinstance(source.images, str) and Path(source.images).is_dir()
    partners = pair(images, labels, f"data.{split}", whole=whole)
    if source.classes is None:
        return [Sample(image_id(split, a), split, a, b) for a, b in zip(images, partners, strict=True)]
    classes = find_files(source.classes, f"data.{split}.classes", tables=True)
    if both := set(labels) & set(classes):
        raise BioLoomError(
            f"data.{split}: {min(both)} is given both as labels and as classes",
            allowed="images of class ids, or tables `label,class`, beside the labels",
        )
    kinds = pair(images, classes, f"data.{split}", whole=whole, noun="class")
    files = zip(images, partners, kinds, strict=True)
    return [Sample(image_id(split, image), split, image, a, b) for image, a, b in files]


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BioLoomError(
            f"{path} is no text in UTF-8 ({error.reason})", fix="save it as CSV in UTF-8"
        ) from None


def _of_row(row: Mapping[str, str | None], where: str) -> Sample:
    check_width(row, where)
    fields = {key: (value or "").strip() for key, value in row.items() if isinstance(value, str)}
    split = fields.get("split", "")
    if split not in SPLITS:
        raise BioLoomError(
            f"{where}: split '{split}'", allowed=", ".join(SPLITS), fix=did_you_mean(split, SPLITS)
        )
    if not fields.get("image"):
        raise BioLoomError(f"{where}: the field `image` is empty", allowed="the path of a file")
    sample = _sample(image_id(split, Path(fields["image"])), split, fields["image"], fields)
    if sample.classes and not sample.labels:
        raise BioLoomError(
            f"{where}: classes without labels, whose objects they are of",
            fix="name the labels as well, or leave the field `classes` empty",
        )
    return replace(sample, pack=fields.get("pack") or stem(sample.path))


def _sample(image: str, split: str, path: str, row: Mapping[str, str | None]) -> Sample:
    labels, classes = (
        Path(text).absolute() if (text := row.get(column)) else None for column in ("labels", "classes")
    )
    return Sample(
        image,
        split,
        Path(path).absolute(),
        labels,
        classes,
        row.get("class") or None,
        row.get("group") or None,
    )


def _check_apart(samples: Iterable[Sample]) -> None:
    """Raise if a file or a group is in two of the splits to learn from, to validate on and to score on."""
    files: dict[Path, Sample] = {}
    groups: dict[str, Sample] = {}
    for sample in samples:
        if sample.split == "predict":
            continue
        other = files.setdefault(sample.path.resolve(), sample)
        if other.split != sample.split:
            raise BioLoomError(
                f"{sample.path} is in both {other.split} and {sample.split}",
                allowed="one of train, val and test, since scores on what was learned prove nothing",
                fix=f"leave it out of one, or move it from {sample.split} to predict",
            )
        other = groups.setdefault(sample.group, sample) if sample.group else sample
        if other.split != sample.split:
            raise BioLoomError(
                f"the group '{sample.group}' is in both {other.split} ({file_name(other.path)}) and "
                f"{sample.split} ({file_name(sample.path)})",
                allowed="one split for all images of a group",
            )


def _check_unique(samples: Iterable[Sample]) -> None:
    seen: dict[str, Sample] = {}
    for sample in samples:
        other = seen.setdefault(sample.image, sample)
        if other is not sample:
            raise BioLoomError(
                f"{other.path} and {sample.path} would both be called '{sample.image}'",
                fix="rename one of the files (letters, digits, '.' and '-' count)",
            )
