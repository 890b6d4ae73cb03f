"""Measuring a stored image block by block, in memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.measure.blocks import blocks, merged
from bioloom.measure.distance import boundary_distance
from bioloom.measure.objects import check_spacing, finish
from bioloom.measure.runs import checked_labels
from bioloom.measure.sums import Sums, add_up, count, window_of
from bioloom.volumes.parts import cut_faces

FIRST_MARGIN = 32


def measure_volume(
    labels: Any,
    image: Any | None,
    channel_names: Sequence[str] = (),
    *,
    image_id: str,
    distances: bool = False,
    details: bool = False,
) -> pd.DataFrame:
    """Measure all objects of a stored image; the same table as `bioloom.measure.objects.measure_objects`.

    Of an object that goes on beyond the region of the file that the image is, ``distance_max_um`` is
    missing (NaN): how far it reaches inwards cannot be seen.

    Parameters
    ----------
    labels : Volume
        Object ids in one channel; its spacing is the voxel size of the table.
    image : Volume, optional
        Intensities, of the same spatial shape.
    channel_names, image_id, distances, details
        As in `measure_objects`.

    Raises
    ------
    BioLoomError
        As `measure_objects` does.
    """
    if image is not None and tuple(image.spatial) != tuple(labels.spatial):
        raise BioLoomError(
            f"an image of spatial shape {tuple(image.spatial)} for labels of shape {tuple(labels.spatial)}"
            f" ({image_id})"
        )
    check_spacing(labels.spacing, len(labels.spatial))
    whole = Box.of(labels.spatial)

    def sums(core: Box) -> Sums:
        window = window_of(core, whole) if details else core
        return count(
            checked_labels(labels.read(window)[0], f"the labels of {image_id}"),
            None if image is None else image.read(core),
            window,
            core,
            whole,
            distance=_distance_in(labels, core) if distances else None,
            details=labels.spacing if details else None,
        )

    total = merged(map(sums, blocks(labels.spatial)), add_up, lambda part: len(part.moments))
    table = finish(total, labels.spatial, labels.spacing, channel_names, image_id=image_id)
    if distances:
        table.loc[_goes_on(table, labels), "distance_max_um"] = np.nan
    return table


def _goes_on(table: pd.DataFrame, labels: Any) -> np.ndarray:
    """Return which objects reach a face at which the image was cut out of its file, ``(n,)`` bool."""
    ndim = len(labels.spatial)
    found = np.zeros(len(table), bool)
    for axis, (low, high) in enumerate(cut_faces(labels.facts, ndim)):
        found |= low & (table[f"bbox-{axis}"] == 0).to_numpy()
        found |= high & (table[f"bbox-{axis + ndim}"] == labels.spatial[axis]).to_numpy()
    return found


def _distance_in(labels: Any, core: Box) -> np.ndarray:
    """Distance to the boundary in one block, exactly that of the whole image.

    A distance is right once it is no larger than the margin that was read around the block, since what lies
    beyond is farther away. Otherwise the margin is doubled; only objects of that radius pay for it.
    """
    whole = Box.of(labels.spatial)
    margin_um = FIRST_MARGIN * min(labels.spacing)
    while True:
        window = core.grow(tuple(ceil(margin_um / step) for step in labels.spacing)).clip(whole)
        distance = boundary_distance(labels.read(window)[0], labels.spacing, cut=window != whole)
        distance = distance[core.within(window).slices]
        if window == whole or distance.max() <= margin_um:
            return distance
        margin_um *= 2
