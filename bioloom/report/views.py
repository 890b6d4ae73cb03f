"""From stored images to the planes that an overlay shows.

A view is one plane of an image, or a crop of it at full resolution when the plane is large::

    small image            large image                     volume
    +-----------+          +-----------+   +-------+       a slice through z, and below it a
    |           |          |      +-+  |   | crop  |       slice through y, where most of the
    |           |          |      +-+  | + |       |       objects without a partner are
    +-----------+          +-overview--+   +-------+
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from bioloom.geometry.box import Box
from bioloom.report import focus, picture
from bioloom.report.outcomes import Outcome, outcome_in
from bioloom.report.plane import Plane
from bioloom.report.sources import Subject, class_ids

LARGEST_SIDE = 768
"""A plane with a longer side, in pixels, is shown as a crop beside an overview."""
CROP_SIDE = 512
OVERVIEW_SIDE = 900
STRIP_PIXELS = 2**24
"""How much of a plane is held at once while it is shrunk."""


@dataclass(frozen=True)
class Overview:
    """A whole plane in small, and the part of it that is shown large.

    Parameters
    ----------
    image : float32 array (h, w) or (h, w, 3)
        Between 0 and 1.
    crop : Box
        The part shown large, in pixels of the small image.
    """

    image: np.ndarray
    crop: Box


@dataclass(frozen=True)
class View:
    """One plane of an image with its labels.

    Parameters
    ----------
    image : array (C, h, w)
        Raw intensities.
    truth, labels : integer array (h, w) or None
        Ids of the true and of the found objects; None where there are none to show.
    outcome : Outcome
        What became of the objects that this plane crosses.
    pixel : (float, float)
        Height and width of a pixel, in micrometres if `known`, else as a mere proportion.
    known : bool
        Whether the voxel size is known.
    caption : str
        Which plane this is; empty in 2D.
    overview : Overview or None
        The whole plane, when the view is a crop of it.
    classes : tuple of int
        Where truth and labels hold ids of classes: all of these.
    kinds : tuple of int
        Where objects have classes: the ids of all of these.
    truth_kinds, label_kinds : integer array (h, w) or None
        Of which class the object of each pixel is, 0 where there is none or nobody knows.
    """

    image: np.ndarray
    truth: np.ndarray | None = None
    labels: np.ndarray | None = None
    outcome: Outcome = field(default_factory=Outcome)
    pixel: tuple[float, float] = (1.0, 1.0)
    known: bool = False
    caption: str = ""
    overview: Overview | None = None
    classes: tuple[int, ...] = ()
    kinds: tuple[int, ...] = ()
    truth_kinds: np.ndarray | None = None
    label_kinds: np.ndarray | None = None


def make_views(subject: Subject) -> list[View]:
    """Return the views of one image: one in 2D; the xy and the xz plane in 3D."""
    shape = subject.image.spatial
    first, stop = _interesting(subject)
    if len(shape) == 2:
        whole = Plane.through(shape, None)
        return [_view(subject, _crop(whole, first, stop), whole)]
    z = focus.busiest_slice(first[:, 0], stop[:, 0], shape[0])
    here = (first[:, 0] <= z) & (z < stop[:, 0])
    first, stop = first[here], stop[here]
    whole = Plane.through(shape, 0, z)
    top = _crop(whole, first, stop)
    return [_view(subject, top, whole), _view(subject, _side(shape, top, first, stop))]


def _view(subject: Subject, plane: Plane, whole: Plane | None = None) -> View:
    """Read one plane; where it is a part of `whole`, add the overview."""
    truth = None if subject.truth is None else plane.read(subject.truth)[0]
    labels = None if subject.labels is None else plane.read(subject.labels)[0]
    return View(
        image=plane.read(subject.image),
        truth=truth,
        labels=labels,
        outcome=Outcome() if subject.classes else outcome_in(subject, plane),
        pixel=plane.pixel(subject.image.spacing),
        known=subject.spacing_known,
        caption=plane.caption(subject.image.spatial),
        overview=None if whole is None or plane == whole else _overview(subject, whole, plane),
        classes=subject.classes,
        kinds=subject.kinds,
        truth_kinds=_kinds(truth, subject.truth_table) if subject.kinds else None,
        label_kinds=_kinds(labels, subject.label_table) if subject.kinds else None,
    )


def _kinds(labels: np.ndarray | None, table: pd.DataFrame | None) -> np.ndarray | None:
    """Return of which class the object of each pixel is, as the object table says."""
    if labels is None or table is None:
        return None
    kinds = dict(zip(table["label"].tolist(), class_ids(table), strict=True))
    ids, place = np.unique(labels, return_inverse=True)
    return np.array([kinds.get(int(id_), 0) for id_ in ids])[place].reshape(labels.shape)


def _crop(plane: Plane, first: np.ndarray, stop: np.ndarray) -> Plane:
    """Return the plane, or the part of a large one that holds most of the given extents."""
    if max(plane.shape) <= LARGEST_SIDE:
        return plane
    points = ((first + stop) / 2)[:, plane.kept] - plane.origin
    return plane.crop(focus.densest_window(points, plane.shape, CROP_SIDE))


def _side(shape: tuple[int, ...], top: Plane, first: np.ndarray, stop: np.ndarray) -> Plane:
    """Return the xz plane through the row of `top` that most of the given objects cross, equally wide."""
    (row, column), (rows, columns) = top.origin, top.shape
    y = row + focus.busiest_slice(first[:, 1] - row, stop[:, 1] - row, rows)
    height = min(shape[0], CROP_SIDE)
    above = max(0, min(top.box.start[0] - height // 2, shape[0] - height))
    return Plane.through(shape, 1, y).crop(Box((above, column), (above + height, column + columns)))


def _overview(subject: Subject, whole: Plane, part: Plane) -> Overview:
    """Shrink a plane by a whole factor, strip by strip; the first of every `factor` pixels is kept."""
    rows, columns = whole.shape
    factor = -(-max(rows, columns) // OVERVIEW_SIDE)
    height = max(1, STRIP_PIXELS // (columns * factor)) * factor
    strips = []
    for start in range(0, rows, height):
        strip = whole.crop(Box((start, 0), (min(rows, start + height), columns)))
        strips.append(strip.read(subject.image)[:, ::factor, ::factor])
    corner = tuple((a - b) // factor for a, b in zip(part.origin, whole.origin, strict=True))
    crop = Box(corner, tuple(a + n // factor for a, n in zip(corner, part.shape, strict=True)))
    return Overview(picture.color(np.concatenate(strips, axis=1)), crop)


def _interesting(subject: Subject) -> tuple[np.ndarray, np.ndarray]:
    """Return the extents of the suspects; of all objects where there are none; else of nothing."""
    ndim = len(subject.image.spatial)
    truth, found = subject.truth_table, subject.label_table
    tables: list[pd.DataFrame] = [table for table in (truth, found) if table is not None]
    if truth is not None and found is not None:
        truth_alone, found_alone = focus.suspects(truth, found, subject.image.spacing)
        if truth_alone.any() or found_alone.any():
            tables = [truth[truth_alone], found[found_alone]]
    corners = [focus.extents(table, ndim) for table in tables]
    nothing = np.empty((0, ndim), np.int64)
    firsts, stops = ([nothing, *(corner[side] for corner in corners)] for side in (0, 1))
    return np.concatenate(firsts), np.concatenate(stops)
