"""Boundary: how many boundary voxels of a class have a counterpart nearby.

A boundary voxel of a class shares a face with a voxel of another class; the border of the image is no
boundary. It is found if a boundary voxel of the same class in the other image lies within the tolerance.
These are counts of voxels, so they add up over blocks and images.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Annotated, Literal

import edt
import numpy as np
from pydantic import Field

from bioloom.errors import BioLoomError
from bioloom.evaluate.class_overlap import of_class_or_mean, with_all
from bioloom.evaluate.comparison import Comparison, Images
from bioloom.evaluate.metric import Counts, Metric, Values, ratio
from bioloom.geometry.box import Box
from bioloom.measure.blocks import blocks
from bioloom.settings.base import Auto, Section

AUTO_VOXELS = 2
"""The tolerance left to ``auto``, in voxels of the finest axis."""
COUNTS = ("truth", "found_truth", "predicted", "found_predicted")


class BoundaryOptions(Section):
    """F1 of the boundaries of every class within a tolerance, and the mean over classes."""

    name: Literal["boundary"] = "boundary"
    tolerance_um: Annotated[float, Field(gt=0)] | Auto = "auto"
    """How far a boundary may be from its counterpart, in micrometres; auto: two voxels of the finest axis."""


def count(comparison: Comparison, options: BoundaryOptions) -> Counts:
    """Count the boundary voxels of every class in truth and prediction, and those with a counterpart.

    The score is the boundary F1 of Csurka et al., What is a good evaluation measure for semantic
    segmentation?, BMVC 2013, with distances in micrometres; theirs is a mean over images, this one is of the
    summed counts.

    Raises
    ------
    BioLoomError
        If the images themselves are not there to be looked at.
    """
    images = comparison.images
    if images is None:
        raise BioLoomError(f"{options.name} looks at the images, and there are tables only")
    tolerance = options.tolerance_um
    reach_um = AUTO_VOXELS * min(images.spacing) if isinstance(tolerance, str) else tolerance
    totals = {id_: np.zeros(len(COUNTS), np.int64) for id_ in comparison.classes}
    for truth, labels, core in _windows(images, reach_um):
        for id_, total in totals.items():
            total += count_boundaries(truth, labels, id_, core, images.spacing, reach_um, images.ignore)
    return with_all(
        {
            str(id_): dict(zip(COUNTS, map(float, total.tolist()), strict=True))
            for id_, total in totals.items()
        }
    )


def _windows(images: Images, reach_um: float) -> Iterator[tuple[np.ndarray, np.ndarray, tuple[slice, ...]]]:
    """Yield truth and labels of every block with all that its voxels can be matched with, and where it is."""
    whole = Box.of(tuple(images.truth.shape))
    margin = tuple(ceil(reach_um / step) + 1 for step in images.spacing)
    for core in blocks(whole.shape):
        window = core.grow(margin).clip(whole)
        yield images.truth[window.slices], images.labels[window.slices], core.within(window).slices


def count_boundaries(
    truth: np.ndarray,
    labels: np.ndarray,
    id_: int,
    core: tuple[slice, ...],
    spacing: tuple[float, ...],
    reach_um: float,
    ignore: int | None = None,
) -> np.ndarray:
    """Count the boundary voxels of one class in a part of a window.

    Parameters
    ----------
    truth, labels : (*spatial) integer
        Ids of classes.
    id_ : int
        The class.
    core : tuple of slice
        The part whose voxels are counted.
    spacing : tuple of float
        Voxel size in micrometres.
    reach_um : float
        The tolerance in micrometres.
    ignore : int, optional
        The id of true voxels that are not judged; beside them there is no boundary.

    Returns
    -------
    (4,) int64
        In the order of `COUNTS`: boundary voxels of the truth, those of them with a counterpart, boundary
        voxels of the labels, those of them with a counterpart.
    """
    known = np.ones(truth.shape, bool) if ignore is None else truth != ignore
    outlines = [boundary((ids == id_) & known, known) for ids in (truth, labels)]
    counts = []
    for own, other in (outlines, outlines[::-1]):
        near = own & _within(other, spacing, reach_um) if own.any() and other.any() else np.zeros_like(own)
        counts += [np.count_nonzero(own[core]), np.count_nonzero(near[core])]
    return np.array(counts, np.int64)


def boundary(mask: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the voxels of a mask that share a face with a known voxel outside of it; bool arrays all."""
    found = np.zeros(mask.shape, bool)
    for axis in range(mask.ndim):
        here = tuple(slice(None, -1) if a == axis else slice(None) for a in range(mask.ndim))
        there = tuple(slice(1, None) if a == axis else slice(None) for a in range(mask.ndim))
        differ = (mask[here] != mask[there]) & known[here] & known[there]
        found[here] |= differ
        found[there] |= differ
    return found & mask


def _within(voxels: np.ndarray, spacing: tuple[float, ...], reach_um: float) -> np.ndarray:
    distance = edt.edt(np.ascontiguousarray(~voxels), anisotropy=spacing, black_border=False, parallel=1)
    return distance <= reach_um * (1 + 1e-5)  # distances are in single precision


def _finish(counts: Values) -> dict[str, float]:
    """Precision, recall and F1 of boundary voxels; 0/0 is NaN."""
    return of_class_or_mean(counts, _of_class)


def _of_class(counts: Values) -> dict[str, float]:
    precision = ratio(counts["found_predicted"], counts["predicted"])
    recall = ratio(counts["found_truth"], counts["truth"])
    if not counts["predicted"] or not counts["truth"]:  # nothing is found of what is only on one side
        f1 = ratio(0.0, counts["predicted"] + counts["truth"])
    else:
        f1 = ratio(2 * precision * recall, precision + recall) if precision + recall else 0.0
    return {"boundary_f1": f1, "boundary_precision": precision, "boundary_recall": recall}


METRIC = Metric(count=count, finish=_finish, truths=("classes",))
