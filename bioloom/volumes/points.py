"""Points of an image: where they are, of which class, and how sure they are; reading what users annotated.

Coordinates are voxels: the center of the first voxel is 0, its borders are -0.5 and 0.5.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.volumes.given_table import read_given

SUFFIX = ".csv"
POINTS = "points"
"""The fact that says that a store of labels was made of points: how many; they lie in it as `POINTS_FILE`."""
POINTS_FILE = "points.csv"
CLASS = "class"


@dataclass(frozen=True)
class Points:
    """Points of one image.

    Parameters
    ----------
    places : ndarray of float64, shape (n, ndim)
        Coordinates in voxels, ``(y, x)`` or ``(z, y, x)``.
    classes : ndarray of str (object), shape (n,)
        Classes, empty where there is none.
    scores : ndarray of float64, shape (n,)
        From 0 to 1, high for sure ones; 1 for the truth.
    """

    places: NDArray[np.float64]
    classes: NDArray[Any]
    scores: NDArray[np.float64]

    @classmethod
    def of(cls, places: Any, classes: Any = None, scores: Any = None) -> Points:
        """Return points; without classes these are empty, without scores 1."""
        places = np.asarray(places, np.float64)
        count = len(places)
        named = np.full(count, "", object) if classes is None else np.asarray(classes, object)
        return cls(places, named, np.ones(count) if scores is None else np.asarray(scores, np.float64))

    def __len__(self) -> int:
        """Return their number."""
        return len(self.places)

    def take(self, chosen: NDArray[Any]) -> Points:
        """Return some of the points, by index or mask."""
        return Points(self.places[chosen], self.classes[chosen], self.scores[chosen])

    def inside(self, box: Box) -> Points:
        """Return the points whose voxel lies in `box`, in voxels of the box."""
        voxels = self.voxels()
        held = ((voxels >= box.start) & (voxels < box.stop)).all(axis=1)
        return Points(self.places[held] - box.start, self.classes[held], self.scores[held])

    def voxels(self) -> NDArray[np.int64]:
        """Return the voxel of every point, ``(n, ndim)``."""
        return np.floor(self.places + 0.5).astype(np.int64)


def read_annotations(path: Path, shape: tuple[int, ...]) -> Points:
    """Read the points that a user annotated: ``axis-0,axis-1[,axis-2][,class]`` and any other columns.

    Points that stand twice in the table count once, which is logged.

    Parameters
    ----------
    path : Path
        A CSV file. A header alone means an image without points.
    shape : tuple of int
        Spatial shape of the image.

    Raises
    ------
    BioLoomError
        For an unreadable table, missing or surplus axes, coordinates that are no numbers, points outside of
        the image, and one place that has two classes.
    """
    axes = [f"axis-{axis}" for axis in range(len(shape))]
    allowed = f"{','.join(axes)}[,class], coordinates in voxels, {_order(len(shape))}"
    columns, rows = read_given(path, "points", axes, allowed=allowed)
    surplus = f"axis-{len(shape)}"
    if surplus in columns:
        raise BioLoomError(f"{path} has a column '{surplus}', its image has {len(shape)} spatial axes")
    places = [[_number(row[axis], axis, f"{path}, line {line}") for axis in axes] for line, row in rows]
    found = Points.of(
        np.array(places, np.float64).reshape(len(rows), len(shape)),
        [(row[CLASS] or "").strip() if CLASS in columns else "" for _, row in rows],
    )
    _check_inside(found, shape, path)
    return _once(found, path)


def write_points(path: Path | str, points: Points) -> None:
    """Write ``axis-0,axis-1[,axis-2],class,score``, atomically."""
    import pandas as pd  # late, as the tables: options of operations are read without it

    from bioloom.volumes import tables

    columns = {f"axis-{axis}": points.places[:, axis] for axis in range(points.places.shape[1])}
    frame = pd.DataFrame({**columns, CLASS: points.classes.astype(str), "score": points.scores})
    tables.write_table(path, frame, tables.POINTS)


def read_points(path: Path | str) -> Points:
    """Read what `write_points` wrote."""
    from bioloom.volumes import tables

    table = tables.read_table(path, tables.POINTS)
    axes = [column for column in table.columns if column.startswith("axis-")]
    return Points.of(table[sorted(axes)].to_numpy(np.float64), table[CLASS].to_numpy(object), table["score"])


def _number(text: Any, column: str, where: str) -> float:
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = float("nan")
    if not np.isfinite(value):
        raise BioLoomError(f"{where}: {column} is {text!r}", allowed="a number, in voxels")
    return value


def _check_inside(points: Points, shape: tuple[int, ...], path: Path) -> None:
    outside = ((points.places < -0.5) | (points.places >= np.array(shape) - 0.5)).any(axis=1)
    if outside.any():
        first = ", ".join(f"{value:g}" for value in points.places[outside][0])
        raise BioLoomError(
            f"{path}: {outside.sum()} of {len(points)} points lie outside of the image, the first at "
            f"({first}), where the image has {' x '.join(map(str, shape))} voxels",
            allowed=f"coordinates in voxels, {_order(len(shape))}",
            fix="check the order of the axes and the unit, or that the table belongs to this image",
        )


def _once(points: Points, path: Path) -> Points:
    """Return every point once, in the order of the table."""
    if not len(points):
        return points
    _, first, place = np.unique(points.places, axis=0, return_index=True, return_inverse=True)
    other = points.classes[first][place.reshape(-1)] != points.classes
    if other.any():
        row = int(np.flatnonzero(other)[0])
        where = ", ".join(f"{value:g}" for value in points.places[row])
        raise BioLoomError(
            f"{path}: the point at ({where}) has two classes, "
            f"'{points.classes[first][place.reshape(-1)][row]}' and '{points.classes[row]}'",
            fix="remove one of them",
        )
    if len(first) < len(points):
        logging.warning("%s: %d points stand there more than once", path, len(points) - len(first))
    return points.take(np.sort(first))


def _order(ndim: int) -> str:
    return "axis-0 is y, axis-1 is x" if ndim == 2 else "axis-0 is z, axis-1 is y, axis-2 is x"
