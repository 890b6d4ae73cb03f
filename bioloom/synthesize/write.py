"""Pictures as files: OME-TIFF with the voxel size, points as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import tifffile

from bioloom.errors import BioLoomError
from bioloom.synthesize.kind import Frame, Kind, Picture
from bioloom.volumes.atomic import atomic_path, write_text

SPLITS = ("train", "test")
FOLDERS = {"objects": "labels", "classes": "classes", "points": "points"}
"""Where each truth goes; what a task learns from goes to `labels`, whatever it is."""


def generator_of(kind: Kind, seed: int, split: str, number: int) -> np.random.Generator:
    """Return the source of one picture, which depends on nothing but these four."""
    return np.random.default_rng([seed, SPLITS.index(split), number, *kind.name.encode()])


def write_all(
    kind: Kind, frame: Frame, folder: Path, *, images: int, seed: int, learned: str | None = None
) -> Iterator[Path]:
    """Paint and write the pictures of both splits, and yield each file with an image when it is there.

    Parameters
    ----------
    kind : Kind
        What to paint.
    frame : Frame
        Sides and voxel size.
    folder : Path
        Files go to ``<folder>/<split>/images`` and to the folders in `FOLDERS` beside it.
    images : int
        Pictures per split.
    seed : int
        Another one makes other pictures.
    learned : {"objects", "classes", "points"}, optional
        The only truth to write, to ``labels``; all truths, to folders of their own, if left out.
    """
    places = FOLDERS if learned is None else {learned: "labels"}
    for split in SPLITS:
        for number in range(images):
            name = f"{kind.name}-{number:03d}"
            picture = kind.paint(generator_of(kind, seed, split, number), frame)
            for truth, place in places.items():
                write_truth(kind, picture, truth, folder / split / place / name, frame)
            path = folder / split / "images" / f"{name}.tif"
            write_ome(path, picture.image, frame)
            yield path


def write_truth(kind: Kind, picture: Picture, truth: str, path: Path, frame: Frame) -> None:
    """Write one truth of a picture to `path` with its suffix; nothing where the kind has none."""
    if truth == "points":
        if picture.points is not None:
            names = [kind.class_names[number - 1] for number in picture.point_classes]
            write_points(path.with_name(f"{path.name}.csv"), picture.points, names)
        return
    values = picture.objects if truth == "objects" else picture.classes
    if values is not None:
        write_ome(path.with_name(f"{path.name}.tif"), values, frame)


def write_ome(path: Path, values: np.ndarray, frame: Frame) -> None:
    """Write an array as OME-TIFF with its voxel size; the same values make the same bytes.

    Parameters
    ----------
    path : Path
        The file; its name stands in the file, too, as the identifier that the format asks for.
    values : ndarray of uint8 or uint16
        (*spatial), or (y, x, 3) in colours.
    frame : Frame
        Whose voxel size is noted, micrometres.
    """
    colours = values.ndim > frame.ndim
    metadata: dict[str, object] = {"axes": "ZYX"[-frame.ndim :] + "S" * colours}
    metadata["UUID"] = str(uuid5(NAMESPACE_URL, path.name))
    for axis, size in zip("ZYX"[-frame.ndim :], frame.spacing, strict=True):
        metadata |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": "µm"}
    with atomic_path(path) as temporary:
        tifffile.imwrite(
            temporary,
            values,
            ome=True,
            photometric="rgb" if colours else "minisblack",
            compression="zlib",
            software="BioLoom",
            metadata=metadata,
        )


def write_points(path: Path, points: np.ndarray, classes: Sequence[str]) -> None:
    """Write points (voxels, hundredths) and their classes as CSV: ``axis-0,axis-1[,axis-2],class``."""
    head = [*(f"axis-{axis}" for axis in range(points.shape[1])), "class"]
    rows = [[*(f"{value:.2f}" for value in point), name] for point, name in zip(points, classes, strict=True)]
    write_text(path, "".join(",".join(row) + "\n" for row in [head, *rows]))


def check_empty(folder: Path, *, overwrite: bool) -> None:
    """Raise a `BioLoomError` if a folder holds anything, unless it may be overwritten."""
    if folder.exists() and not folder.is_dir():
        raise BioLoomError(f"{folder} is a file", allowed="a folder that is new or empty")
    if not overwrite and folder.is_dir() and any(folder.iterdir()):
        raise BioLoomError(
            f"{folder} is not empty",
            allowed="a folder that is new or empty",
            fix="choose another one, or add --overwrite to replace the pictures in it",
        )
