"""What a check says when all is well: a table of the images, what will happen, and advice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from bioloom.preprocess.check import Checked, Seen
from bioloom.preprocess.voxel_sizes import CONSEQUENCE, apart, apart_text, size_text
from bioloom.volumes.inner import file_name
from bioloom.volumes.parts import region_text
from bioloom.volumes.samples import SPLITS

MANY = 200
"""Images with jobs of their own that are worth a word."""
COLUMNS = ("split", "images", "voxels", "type", "voxel size (um)", "channels", "objects")


def overview(checked: Checked, config: str) -> str:
    """Return the text for a check without mistakes.

    Parameters
    ----------
    checked : Checked
        What was found.
    config : str
        The path of the config, as the user wrote it.
    """
    splits = {split: [seen for seen in checked.seen if seen.sample.split == split] for split in SPLITS}
    rows = [_row(split, seen) for split, seen in splits.items() if seen]
    columns = (*COLUMNS[:-1], "classes") if any(seen.classes for seen in checked.seen) else COLUMNS
    lines = [*_table([columns, *rows]), "", _plan(splits), *_places(checked.seen)]
    lines += [f"advice: {text}" for text in advice(checked)]
    return "\n".join([*lines, f"no mistakes; next: snakemake --cores all --configfile {config}"])


def advice(checked: Checked) -> Iterator[str]:
    """Yield what is no mistake but worth knowing, one line each."""
    unknown = sum(seen.spacing is None for seen in checked.seen)
    if unknown:
        yield (
            f"the voxel size of {unknown} of {len(checked.seen)} images is unknown and taken for 1 um; "
            "set data.voxel_size to get sizes in micrometres"
        )
    yield from _other_sizes(checked.seen)
    config = checked.config
    if config is None:
        return
    set_aside = [s.sample.image for s in checked.seen if s.sample.split == "val" and not s.sample.part]
    if set_aside and config.data.val is None and config.data.samples is None:
        yield f"no data.val: set aside from data.train for validation: {', '.join(set_aside)}"
    shapes = [s.shape for s in checked.seen if len(s.shape) == len(config.patch.size)]
    if config.patch.size != "auto" and shapes:
        smallest = [min(sides) for sides in zip(*shapes, strict=True)]
        if any(side > n for side, n in zip(config.patch.size, smallest, strict=True)):
            yield (
                f"patch.size {_sides(config.patch.size)} exceeds the smallest image side "
                f"({_sides(smallest)}); such images are filled up with their mirror image"
            )
    alone = {(s.split, s.pack) for s in checked.samples if s.pack}
    if len(alone) > MANY:
        yield (
            f"data.samples makes {len(alone)} packs, each with jobs of its own; small images share them if a "
            "column `pack` gives them one name"
        )
    empty = [file_name(s.sample.path) for s in checked.seen if s.sample.split == "train" and s.objects == 0]
    if empty:
        yield f"nothing is labelled in {', '.join(empty)}"


def _other_sizes(images: Sequence[Seen]) -> Iterator[str]:
    """Yield a line if there are images whose voxels are of another size than those learned from."""
    sizes = [s.spacing for s in images if s.sample.split == "train" and s.spacing for _ in range(s.times)]
    if not sizes:
        return
    learned = np.median(sizes, axis=0).tolist()
    known = [(s, s.spacing) for s in images if s.sample.split != "train" and s.spacing]
    others = [(s, size) for s, size in known if apart(size, learned)]
    if others:
        first, size = others[0]
        name, count = file_name(first.sample.path), sum(s.times for s, _ in others)
        yield f"{apart_text(name, count, size, learned)}; {CONSEQUENCE}"


def _places(images: Sequence[Seen]) -> Iterator[str]:
    """Yield a line for every way in which a file is not just one image."""
    series = {file_name(s.sample.path): s.times for s in images if s.times > 1}
    if series:
        counts = ", ".join(f"{count} in {name}" for name, count in series.items())
        yield f"every time point is an image of its own: {counts}"
    for s in images:
        if s.sample.split == "val" and s.sample.part:
            yield (
                "no data.val, and only one training image: "
                f"{region_text(s.facts)} of {file_name(s.sample.path)} "
                "is set aside for validation, with a gap before it"
            )
    volumes = sum(s.times for s in images if len(s.shape) > len(images[0].shape))
    if volumes:
        yield f"the network learns from 2D images; plane by plane it predicts {_images(volumes)} in 3D"


def _plan(splits: dict[str, list[Seen]]) -> str:
    """Return one sentence about what a run will do."""
    counts = {split: sum(s.times for s in seen) for split, seen in splits.items()}
    words = {
        "train": "learn from {}",
        "val": "validate on {}",
        "test": "score on {}",
        "predict": "predict {} without labels",
    }
    parts = [words[split].format(_images(n)) for split, n in counts.items() if n]
    return f"the run will {', '.join(parts)}"


def _images(count: int) -> str:
    return f"{count} image{'s' if count != 1 else ''}"


def _row(split: str, seen: Sequence[Seen]) -> tuple[str, ...]:
    counted = [s.objects for s in seen if s.objects is not None]
    classes = sorted({id_ for s in seen for id_ in s.classes})
    return (
        split,
        str(sum(s.times for s in seen)),
        _ranges([s.shape for s in seen]),
        ", ".join(sorted({s.dtype for s in seen})),
        ", ".join(sorted({_size(s) for s in seen})),
        str(seen[0].channels),
        ", ".join(map(str, classes)) or (str(sum(counted)) if counted else "-"),
    )


def _ranges(shapes: Sequence[Sequence[int]]) -> str:
    """Return ``256 x 200..256`` for shapes that differ along the second axis."""
    axes = [(min(sides), max(sides)) for sides in zip(*shapes, strict=True)]
    return " x ".join(str(low) if low == high else f"{low}..{high}" for low, high in axes)


def _size(seen: Seen) -> str:
    return "unknown" if seen.spacing is None else size_text(seen.spacing)


def _sides(sides: Iterable[int]) -> str:
    return " x ".join(map(str, sides))


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
