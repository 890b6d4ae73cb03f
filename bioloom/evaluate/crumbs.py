"""Crumbs: true objects of which the border of the image leaves so few voxels that nobody can judge them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bioloom.evaluate.overlap import Overlap, merge_overlaps
from bioloom.measure.runs import group


def without_crumbs(table: Overlap, smallest: int) -> Overlap:
    """Take the crumbs out of an overlap table, so that no metric sees them.

    A true object is a crumb if it touches the border of the image and has fewer than `smallest` voxels. Its
    voxels are not judged: they leave the table. A predicted object with more than half of its voxels on
    crumbs is what was found of them: what is left of it counts as background, so it is no false one either.

    No other match at an IoU above 0.5 changes from a hit to a miss, since such a match takes more than half
    of the predicted object; and every predicted object that would match a crumb so is forgiven.

    Parameters
    ----------
    table : Overlap
        Of a whole image.
    smallest : int
        Voxels; 0 keeps everything.
    """
    order, first = group(table.truth)
    if not smallest or not len(order):
        return table
    ids, voxels = table.truth[order][first], np.add.reduceat(table.voxels[order], first)
    touches = np.logical_or.reduceat(table.border[order], first)
    crumbs = ids[(ids > 0) & touches & (voxels < smallest)]
    on_crumb = np.isin(table.truth, crumbs)
    forgiven = _mostly(table.labels, table.voxels, on_crumb)
    labels = np.where(np.isin(table.labels, forgiven), 0, table.labels)
    kept = replace(table, labels=labels)
    columns = {name: values[~on_crumb] for name, values in vars(kept).items()}
    return merge_overlaps([Overlap(**columns)])


def _mostly(ids: np.ndarray, voxels: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the ids more than half of whose voxels are in the chosen rows."""
    order, first = group(ids)
    total, part = (np.add.reduceat(values[order], first) for values in (voxels, voxels * chosen))
    return ids[order][first][2 * part > total]
