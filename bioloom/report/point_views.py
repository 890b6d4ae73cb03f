"""From points and images to the planes that show them: which were matched, missed or invented."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bioloom.evaluate.point_cases import points_of_labels
from bioloom.evaluate.point_matching import match_points
from bioloom.report import focus
from bioloom.report.plane import Plane
from bioloom.report.sources import Readable
from bioloom.report.views import CROP_SIDE, LARGEST_SIDE
from bioloom.volumes.points import Points, read_points

Places = NDArray[np.float64]


@dataclass(frozen=True)
class PointView:
    """One plane of an image with the points in it or near it.

    Parameters
    ----------
    image : array (C, h, w)
        Raw intensities.
    truth, matched, missed, false : float64 arrays (n, 2)
        Rows and columns of the true points, of the found ones with a partner, of the true and of the found
        ones without.
    radius : (float, float)
        The tolerance in pixels, down and across.
    pixel : (float, float)
        Height and width of a pixel in micrometres.
    judged : bool
        Whether there is a truth to compare with; if not, all found points are in `matched`.
    caption : str
        Which part of the image this is; empty for all of it.
    """

    image: NDArray[np.generic]
    truth: Places
    matched: Places
    missed: Places
    false: Places
    radius: tuple[float, float]
    pixel: tuple[float, float]
    judged: bool = True
    caption: str = ""


@dataclass(frozen=True)
class PointSubject:
    """An image with its points.

    Parameters
    ----------
    image : Readable
        The open image.
    found : Points
        The predicted points.
    truth : Points, optional
        The true ones.
    tolerance_um : float
        Largest distance of a match.
    """

    image: Readable
    found: Points
    truth: Points | None = None
    tolerance_um: float = 1.0
    missed: NDArray[np.int64] = field(init=False)
    false: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        missed = false = np.zeros(0, np.int64)
        if self.truth is not None:
            named = any(self.found.classes)
            spacing = self.image.spacing
            outcome = match_points(self.truth, self.found, self.tolerance_um, spacing, by_class=named)
            missed, false = outcome.missed, outcome.invented
        object.__setattr__(self, "missed", missed)
        object.__setattr__(self, "false", false)


def open_points(
    run: Path, image: str, volume: Readable, tolerance_um: float, *, judged: bool = True
) -> PointSubject | None:
    """Return an image of a run with its points, None if it has no table; the truth only if it is `judged`."""
    path, labels = run / "points" / f"{image}.csv", run / "labels" / f"{image}.zarr"
    if not path.is_file():
        return None
    truth = points_of_labels(labels)[0] if judged and labels.exists() else None
    return PointSubject(volume, read_points(path), truth, tolerance_um)


def make_view(subject: PointSubject) -> PointView:
    """Return one plane: of a volume the slice near most points, of a large one the part with most errors."""
    shape, spacing = subject.image.spatial, subject.image.spacing
    truth = np.zeros((0, len(shape))) if subject.truth is None else subject.truth.places
    found = subject.found.places
    everything = np.concatenate([truth, found])
    plane, near = Plane.through(shape, None), (np.ones(len(truth), bool), np.ones(len(found), bool))
    if len(shape) == 3:
        reach = subject.tolerance_um / spacing[0]
        first = np.ceil(everything[:, 0] - reach).astype(np.int64)
        stop = np.floor(everything[:, 0] + reach).astype(np.int64) + 1
        z = focus.busiest_slice(first, stop, shape[0])
        plane = Plane.through(shape, 0, z)
        near = (np.abs(truth[:, 0] - z) <= reach, np.abs(found[:, 0] - z) <= reach)
    if max(plane.shape) > LARGEST_SIDE:
        errors = np.concatenate([truth[subject.missed], found[subject.false]])
        flat = (errors if len(errors) else everything)[:, -2:]
        plane = plane.crop(focus.densest_window(flat, plane.shape, CROP_SIDE))
    judged = subject.truth is not None
    caption = plane.caption(shape)
    if plane.shape != shape[-2:]:
        rows, columns = plane.origin
        caption = ", ".join(filter(None, (caption, f"from y = {rows}, x = {columns}")))
    return PointView(
        image=plane.read(subject.image),
        truth=_inside(truth[near[0]], plane),
        matched=_inside(found[near[1] & ~_mask(len(found), subject.false)], plane),
        missed=_inside(truth[near[0] & _mask(len(truth), subject.missed)], plane),
        false=_inside(found[near[1] & _mask(len(found), subject.false)], plane),
        radius=(subject.tolerance_um / spacing[-2], subject.tolerance_um / spacing[-1]),
        pixel=(spacing[-2], spacing[-1]),
        judged=judged,
        caption=caption,
    )


def _mask(count: int, chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
    mask = np.zeros(count, bool)
    mask[chosen] = True
    return mask


def _inside(places: Places, plane: Plane) -> Places:
    """Return rows and columns in the plane, of the points that lie in it."""
    flat = places[:, -2:] - plane.origin
    return flat[((flat >= -0.5) & (flat < np.array(plane.shape) - 0.5)).all(axis=1)]
