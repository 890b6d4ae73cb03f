"""From foreign files to canonical stores, with the checks that save an hour of training on broken data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bioloom.errors import BioLoomError
from bioloom.geometry.grid import tiles
from bioloom.preprocess.checks import check_image, check_labels, narrowest, spacing_of
from bioloom.preprocess.meaning import OBJECTS, Meaning
from bioloom.preprocess.object_classes import classes_of, open_classes
from bioloom.preprocess.pieces import Piece, pieces_of
from bioloom.preprocess.point_labels import open_labels, points_of, renumbered
from bioloom.preprocess.slabs import Scan, scan, slab_shape
from bioloom.preprocess.statistics import Statistics
from bioloom.preprocess.voxel_sizes import check_known
from bioloom.registry import table
from bioloom.volumes.atomic import atomic_path
from bioloom.volumes.formats import read_foreign
from bioloom.volumes.formats.foreign import Foreign
from bioloom.volumes.inner import file_name
from bioloom.volumes.manifest import Entry
from bioloom.volumes.object_classes import write_classes
from bioloom.volumes.points import POINTS, POINTS_FILE, write_points
from bioloom.volumes.pyramid import write_pyramid
from bioloom.volumes.samples import Sample
from bioloom.volumes.store import create_volume, open_volume

PERCENTILES = (0.1, 1, 5, 25, 50, 75, 95, 99, 99.8, 99.9)
Pair = tuple[Entry, Entry | None]
"""The lines of the two manifests for an image and its labels."""


def convert_pack(
    samples: Sequence[Sample],
    images: Path,
    labels: Path,
    *,
    axes: str | None,
    voxel_size: Sequence[float] | None,
    normalize: Any,
    meaning: Meaning = OBJECTS,
) -> tuple[list[Entry], list[Entry]]:
    """Convert the samples of a pack (see `convert_sample`); return the entries of the images and labels.

    Raises
    ------
    BioLoomError
        If the images differ in their number of channels or spatial axes, the voxel size of some is known and
        of others not, or one of them is faulty.
    """
    pairs: list[Pair] = []
    sizes: dict[Path, tuple[float, ...] | None] = {}
    more: dict[str, Any] = {"axes": axes, "voxel_size": voxel_size, "normalize": normalize}
    for sample in samples:
        pairs += convert_sample(sample, images, labels, meaning=meaning, **more)
        first, last = pairs[0][0], pairs[-1][0]
        if _kind(first) != _kind(last):
            raise BioLoomError(
                f"{samples[0].path} has {_kind(first)}, {sample.path} has {_kind(last)}",
                allowed="images of one kind in a split",
                fix="sort the images into runs of their own, or set data.axes",
            )
        volume = open_volume(last.path)
        sizes[sample.path] = volume.spacing if volume.spacing_known else None
    check_known(sizes)
    return [image for image, _ in pairs], [entry for _, entry in pairs if entry is not None]


def convert_sample(
    sample: Sample,
    images: Path,
    labels: Path,
    *,
    axes: str | None,
    voxel_size: Sequence[float] | None,
    normalize: Any,
    meaning: Meaning = OBJECTS,
) -> list[Pair]:
    """Convert the images of one file, and their labels if they have any, to canonical stores.

    Each time point is an image of its own, see `bioloom.preprocess.pieces`.

    Parameters
    ----------
    sample : Sample
        Which files.
    images, labels : Path
        Folders of the stores ``<image>.zarr``.
    axes : str, optional
        The axes of the files, if they are not to be asked.
    voxel_size : sequence of float, optional
        Micrometres, in the order ``(z, y, x)``; what the file says by default, else 1.0 (and the fact
        ``spacing_known`` is false).
    normalize : object
        Options of a normalisation.
    meaning : Meaning
        What the labels tell.

    Returns
    -------
    list of (Entry, Entry or None)
        The lines of the two manifests, in the order of time.

    Raises
    ------
    BioLoomError
        For anything in the files that would spoil what comes after: unreadable or truncated files, unclear
        axes, NaN, constant training images, labels that are no labels, of another shape or of other time
        points.
    """
    image = read_foreign(sample.path, axes)
    spacing, known = spacing_of(image, voxel_size)
    labelled = open_labels(sample.labels, image, axes, meaning.truth) if sample.labels else None
    if labelled is not None:
        check_labels(labelled)
    classes = open_classes(sample.classes, image, axes) if sample.classes else None
    pieces = pieces_of(sample, image, labelled, classes)
    # All that can be wrong about the labels is looked for before an image takes the place of an earlier one.
    scans = [_scan_labels(piece, meaning) for piece in pieces]
    entries: list[Pair] = []
    for piece, scanned in zip(pieces, scans, strict=True):
        facts = {"source": file_name(sample.path), "spacing_known": known, **piece.facts}
        entry = _convert_image(sample.split, piece, images, spacing, facts, normalize)
        found = _convert_labels(piece, *scanned, labels, spacing) if scanned else None
        entries.append((entry, found))
    return entries


def _scan_labels(
    piece: Piece, meaning: Meaning
) -> tuple[Foreign, Scan, np.dtype, dict[int, int] | None] | None:
    """Return the labels of a piece, what they hold, the type they are stored in and the classes of objects.

    None if it has no labels; classes are None where there are none.
    """
    if piece.labels is None:
        return None
    labels = renumbered(piece.labels)
    found = scan(labels, objects=True)
    meaning.check(labels.path, found.ids)
    dtype = narrowest(labels.path, *found.range, signed=False)
    classes = None if piece.classes is None else classes_of(labels, piece.classes, found.ids, meaning)
    return labels, found, dtype, classes


def stored_dtype(image: Foreign) -> np.dtype:
    """Return the type of an image in its store: its own, or for 64-bit integers the narrowest that does."""
    return image.dtype if image.dtype.itemsize < 8 else narrowest(image.path, *scan(image).range, signed=True)


def _convert_image(
    split: str,
    piece: Piece,
    folder: Path,
    spacing: tuple[float, ...],
    facts: dict[str, Any],
    normalize: Any,
) -> Entry:
    image = piece.voxels
    dtype = stored_dtype(image)
    path = folder / f"{piece.image}.zarr"
    with atomic_path(path) as temporary:
        volume = create_volume(
            temporary,
            (image.channels, *image.spatial),
            dtype,
            spacing=spacing,
            kind="image",
            channel_names=image.channel_names,
        )
        slab = slab_shape(image, volume.block_shape())
        statistics = Statistics(
            image.channels, dtype, again=lambda: (volume.read(box) for box in tiles(image.spatial, slab))
        )
        for box in tiles(image.spatial, slab):
            block = image.read(box).astype(dtype, copy=False)
            statistics.add(block)
            volume.write(box, block)
        check_image(split, piece.name, statistics)
        volume.update_facts(**facts, intensity=_intensity(statistics, normalize))
        write_pyramid(volume)
    return open_volume(path).entry(piece.image)


def _convert_labels(
    piece: Piece,
    labels: Foreign,
    found: Scan,
    dtype: np.dtype,
    classes: dict[int, int] | None,
    folder: Path,
    spacing: tuple[float, ...],
) -> Entry:
    path = folder / f"{piece.image}.zarr"
    with atomic_path(path) as temporary:
        # Not sharded: training reads crops of it, and zarr-python reads those faster from plain chunks.
        volume = create_volume(
            temporary,
            (1, *labels.spatial),
            dtype,
            spacing=spacing,
            kind="labels",
            facts={
                "source": file_name(labels.path),
                "objects": found.objects,
                "max": found.range[1],
                **piece.facts,
            },
            sharded=False,
        )
        if (points := points_of(labels)) is not None:
            volume.update_facts(**{POINTS: len(points)}, objects=len(points))
            write_points(temporary / POINTS_FILE, points)
        if classes is not None:
            write_classes(temporary, classes)
        for box in tiles(labels.spatial, slab_shape(labels, volume.block_shape())):
            volume.write(box, labels.read(box).astype(dtype, copy=False))
        write_pyramid(volume)
    return open_volume(path).entry(piece.image)


def _intensity(statistics: Statistics, normalize: Any) -> dict[str, Any]:
    """Return the fact ``intensity``: lists per channel, raw units."""
    percentiles = statistics.percentiles(PERCENTILES)
    offset, scale = table("normalization")[normalize.name](statistics, normalize)
    return {
        "offset": offset.tolist(),
        "scale": scale.tolist(),
        "percentiles": {f"{p:g}": row.tolist() for p, row in zip(PERCENTILES, percentiles, strict=True)},
        "min": statistics.minimum.tolist(),
        "max": statistics.maximum.tolist(),
        "mean": statistics.mean.tolist(),
        "std": statistics.std.tolist(),
    }


def _kind(entry: Entry) -> str:
    return f"{entry.shape[0]} channel(s) and {len(entry.shape) - 1} spatial axes"
