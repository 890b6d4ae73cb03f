"""The samples of a run: which files are which images, and which images one job handles together.

The Snakefile asks for them whenever it is parsed, once for every job: nothing heavy is imported here, and
no image is opened.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.volumes.atomic import write_text
from bioloom.volumes.sources import Data, Source, find_files, missing, pair, stem

SPLITS = ("train", "val", "test", "predict")
COLUMNS = ("image", "split", "images", "labels", "class", "group")


@dataclass(frozen=True, slots=True)
class Sample:
    """One image of a run.

    Parameters
    ----------
    image : str
        Image id, ``<split>_<stem>``.
    split : {"train", "val", "test", "predict"}
        What it is for.
    path : Path
        Its file, absolute.
    labels : Path, optional
        The file of its labels, absolute.
    class_ : str, optional
        Its class, in classification.
    group : str, optional
        What it shares with others (a slide, a patient): groups are never torn between training and
        validation.
    """

    image: str
    split: str
    path: Path
    labels: Path | None = None
    class_: str | None = None
    group: str | None = None


def discover(data: Data) -> list[Sample]:
    """Return the samples that the section ``data`` of a config stands for, split by split, in natural order.

    Where training images come without validation images, `split_validation` sets some aside.

    Files named by a folder or glob must exist; those listed in ``data.samples`` may be made later by other
    rules. Relative paths count from the current folder.

    Raises
    ------
    BioLoomError
        For missing or empty folders, images without labels, two images of one id, or a faulty table.
    """
    samples = read_samples(Path(data.samples)) if data.samples else []
    for split in SPLITS:
        source: Source | None = getattr(data, split)
        if source is not None:
            samples += split_samples(split, source)
    _check_unique(samples)
    # Split by split, for packs are made of neighbours.
    samples = split_validation(samples, data.val_fraction, data.seed)
    return sorted(samples, key=lambda sample: SPLITS.index(sample.split))


def check_labelled(samples: Iterable[Sample]) -> list[Sample]:
    """Return `samples` if a run can learn from them and score on them.

    Raises
    ------
    BioLoomError
        If there are no training images, or images to learn from or to be scored on lack labels.
    """
    samples = list(samples)
    if not any(sample.split == "train" for sample in samples):
        raise BioLoomError("data: there are no training images", fix="give data.train, images and labels")
    for split in ("train", "val", "test"):
        bare = [sample.path.name for sample in samples if sample.split == split and sample.labels is None]
        if bare:
            more = f" and {len(bare) - 1} more" if len(bare) > 1 else ""
            fix = "give their labels" + (", or put them under data.predict" if split == "test" else "")
            raise BioLoomError(f"data.{split}: no labels for {bare[0]}{more}", fix=fix)
    return samples


def image_id(split: str, path: Path) -> str:
    """Return the id of an image: ``<split>_<stem>``, where all but letters, digits and "." becomes "-"."""
    return f"{split}_{re.sub(r'[^A-Za-z0-9.-]', '-', stem(path))}"


def read_samples(path: Path) -> list[Sample]:
    """Return the samples of a CSV file with the columns ``split,image[,labels,class,group]`` and any others.

    Raises
    ------
    BioLoomError
        If the file or a column is missing, a split is unknown or a field is empty.
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
                    allowed="split,image,labels,class,group, separated by commas",
                    fix=did_you_mean(column, columns),
                )
        samples = [_of_row(row, f"{path}, line {reader.line_num}") for row in reader if any(row.values())]
    if not samples:
        raise BioLoomError(f"{path} lists no image")
    return samples


def split_validation(samples: Sequence[Sample], fraction: float, seed: int) -> list[Sample]:
    """Return `samples` with a share of the training images moved to the split "val", if there is none yet.

    Whole groups are moved (an image without a group is one by itself), in the order of a permutation by
    hash: it depends on `seed` and the names only, so that a new image hardly changes which others are
    chosen.

    Parameters
    ----------
    samples : sequence of Sample
        Samples of all splits.
    fraction : float
        Share of the training images wanted, between 0 and 1; at least one group moves and one stays.
    seed : int
        Another seed, another choice.

    Raises
    ------
    BioLoomError
        If all training images are one group.
    """
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.split == "train":
            groups.setdefault(f"g {sample.group}" if sample.group else f"i {sample.image}", []).append(sample)
    if not groups or any(sample.split == "val" for sample in samples):
        return list(samples)
    if len(groups) == 1:
        what = (
            "one training image" if len(next(iter(groups.values()))) == 1 else "one group of training images"
        )
        raise BioLoomError(
            f"there is only {what}, so none can be set aside for validation",
            fix="give data.val, cut the image into two files with a gap between them, or add images",
        )
    order = sorted(groups, key=lambda name: blake2b(f"{seed} {name}".encode(), digest_size=8).digest())
    wanted = max(1.0, fraction * sum(map(len, groups.values())))
    moved: set[str] = set()
    for name in order[:-1]:
        if len(moved) >= round(wanted):
            break
        moved.update(sample.image for sample in groups[name])
    chosen = [
        replace(s, split="val", image=image_id("val", s.path)) if s.image in moved else s for s in samples
    ]
    _check_unique(chosen)
    return chosen


def packs(samples: Iterable[Sample], pack_voxels: int) -> dict[str, list[Sample]]:
    """Return the packs: the samples that one job handles together, by pack id.

    Consecutive images of a split share a pack until their files exceed `pack_voxels` bytes; a file that
    does not exist yet is alone. A pack of one image is called like the image, others ``<split>_pack-0000``
    and so on.
    """
    found: list[list[Sample]] = []
    room = -1
    for sample in sorted(samples, key=lambda sample: SPLITS.index(sample.split)):
        size = sample.path.stat().st_size if sample.path.exists() else None
        fits = size is not None and size <= room and found[-1][-1].split == sample.split
        if fits:
            found[-1].append(sample)
        else:
            found.append([sample])
            room = pack_voxels
        room = room - size if size is not None else -1
    table: dict[str, list[Sample]] = {}
    counts = dict.fromkeys(SPLITS, 0)
    for pack in found:
        split = pack[0].split
        name = pack[0].image if len(pack) == 1 else f"{split}_pack-{counts[split]:04d}"
        counts[split] += len(pack) > 1
        if name in table:
            raise BioLoomError(f"an image has the id '{name}', which names a pack", fix="rename its file")
        table[name] = pack
    return table


def pack_table(samples: Iterable[Sample]) -> str:
    """Return the text of the table of a pack, ``packs/{pack}.csv``."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for s in samples:
        writer.writerow((s.image, s.split, s.path, s.labels or "", s.class_ or "", s.group or ""))
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
        return [_sample(row["image"], row["split"], row["images"], row) for row in reader]


def split_samples(split: str, source: Source) -> list[Sample]:
    """Return the samples that the section ``data.<split>`` of a config stands for (see `discover`)."""
    images = find_files(source.images, f"data.{split}.images")
    if source.labels is None:
        return [Sample(image_id(split, path), split, path) for path in images]
    labels = find_files(source.labels, f"data.{split}.labels")
    whole = isinstance(source.images, str) and Path(source.images).is_dir()
    partners = pair(images, labels, f"data.{split}", whole=whole)
    return [Sample(image_id(split, a), split, a, b) for a, b in zip(images, partners, strict=True)]


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BioLoomError(
            f"{path} is no text in UTF-8 ({error.reason})", fix="save it as CSV in UTF-8"
        ) from None


def _of_row(row: Mapping[str, str | None], where: str) -> Sample:
    fields = {key: (value or "").strip() for key, value in row.items() if isinstance(value, str)}
    split = fields.get("split", "")
    if split not in SPLITS:
        raise BioLoomError(
            f"{where}: split '{split}'", allowed=", ".join(SPLITS), fix=did_you_mean(split, SPLITS)
        )
    if not fields.get("image"):
        raise BioLoomError(f"{where}: the field `image` is empty", allowed="the path of a file")
    return _sample(image_id(split, Path(fields["image"])), split, fields["image"], fields)


def _sample(image: str, split: str, path: str, row: Mapping[str, str | None]) -> Sample:
    labels = row.get("labels")
    return Sample(
        image,
        split,
        Path(path).absolute(),
        Path(labels).absolute() if labels else None,
        row.get("class") or None,
        row.get("group") or None,
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
