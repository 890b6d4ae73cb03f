"""Keeps or removes objects by what is measured of them, under the names of the object table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.dropping import DropPass
from bioloom.postprocess.labels import gather_labels
from bioloom.postprocess.passes import Pass, Source
from bioloom.postprocess.program import Setting, last_labels
from bioloom.postprocess.workspace import Arrays
from bioloom.settings.base import Section

if TYPE_CHECKING:
    import pandas as pd

    from bioloom.measure.sums import Sums

_STEPS = 2**20  # per unit: values of the prediction are rounded to them, so that their sums are exact
_PLAIN = {
    2: ("voxels", "area_um2", "equivalent_diameter_um", "eccentricity", "touches_border"),
    3: ("voxels", "volume_um3", "equivalent_diameter_um", "touches_border"),
}
_DETAILS = {
    2: ("perimeter_um", "circularity", "orientation_rad", "solidity"),
    3: ("surface_area_um2", "sphericity", "axis_middle_length_um", "flatness"),
}
_BOTH = (
    "axis_major_length_um",
    "axis_minor_length_um",
    "elongation",
    "neighbours",
    "nearest_neighbour_um",
)
_INTENSITIES = {"intensity_mean": False, "intensity_min": True, "intensity_max": True}


class Condition(Section):
    """What is asked of one measure; several limits must all hold."""

    measure: str
    """A column of the object table, such as `voxels`, or `intensity_mean-foreground` for a channel of the
    prediction."""
    lt: float | None = None
    """The measure is below this value, in its unit."""
    le: float | None = None
    """The measure is at most this value."""
    gt: float | None = None
    """The measure is above this value."""
    ge: float | None = None
    """The measure is at least this value."""

    @model_validator(mode="after")
    def _some_limit(self) -> Condition:
        if all(limit is None for limit in (self.lt, self.le, self.gt, self.ge)):
            raise PydanticCustomError("no_limit", "no limit is given; allowed: lt, le, gt, ge")
        return self

    def holds(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """Return for which values it holds; never where there is none (NaN)."""
        values = np.asarray(values, np.float64)
        found = ~np.isnan(values)
        limits = (
            (np.less, self.lt),
            (np.less_equal, self.le),
            (np.greater, self.gt),
            (np.greater_equal, self.ge),
        )
        for compare, limit in limits:
            if limit is not None:
                found &= compare(values, limit)
        return found


class SelectObjectsOptions(Section):
    """Keeps or removes objects by what is measured of them."""

    name: Literal["select_objects"] = "select_objects"
    action: Literal["keep", "remove"] = "keep"
    """What becomes of the objects for which `where` holds: only they stay (`keep`), or they go (`remove`)."""
    where: tuple[Condition | tuple[Condition, ...], ...] = ()
    """Conditions, all of which must hold; of those in a list inside the list, one is enough. A condition is a
    measure with limits: `{measure: solidity, ge: 0.8}`. Without any, all objects are meant."""


@dataclass(frozen=True, kw_only=True)
class SelectObjects(DropPass):
    """Drops objects of pass `of` by their measures; `channels` are those whose values are asked for."""

    where: tuple[tuple[Condition, ...], ...]
    keep: bool
    spacing: tuple[float, ...]
    channels: dict[str, int]
    details: bool

    def describe(self, labels: NDArray[np.uint32], block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return the sums of the objects of a core, which add up to those of the image."""
        from bioloom.measure.sums import count, window_of

        window = window_of(block.core, source.image) if self.details else block.core
        seen = gather_labels(source, self.of, window) if self.details else labels
        values = None
        if self.channels:
            prediction = source.prediction.read(block.core)[list(self.channels.values())]
            values = np.rint(prediction.astype(np.float64) * _STEPS) / _STEPS
        details = self.spacing if self.details else None
        return _packed(count(seen, values, window, block.core, source.image, details=details))

    def dropped(self, partials: Iterator[Arrays], source: Source) -> NDArray[np.integer]:
        """Return the labels of the objects that go."""
        from bioloom.measure.blocks import merged
        from bioloom.measure.objects import finish
        from bioloom.measure.sums import add_up

        ndim = source.image.ndim
        sums = (_unpacked(partial, self.details, ndim) for partial in partials)
        total = merged(sums, add_up, lambda part: len(part.moments))
        names = list(self.channels)
        table = finish(total, source.image.shape, self.spacing, names, image_id="")
        labels = table["label"].to_numpy()
        return np.asarray(labels[chosen(table, self.where) != self.keep])


def chosen(table: pd.DataFrame, where: Sequence[Sequence[Condition]]) -> NDArray[np.bool_]:
    """Return for which rows of an object table at least one condition of each group holds."""
    found = np.ones(len(table), bool)
    for group in where:
        found &= np.any([one.holds(table[one.measure].to_numpy()) for one in group], axis=0)
    return found


def known_measures(ndim: int, channels: Sequence[str]) -> dict[str, bool]:
    """Return the names of all measures, and whether each takes a look at surfaces and extremes, too."""
    places = [f"{kind}-{axis}" for kind, n in (("centroid", ndim), ("bbox", 2 * ndim)) for axis in range(n)]
    values = {f"{kind}-{name}": more for kind, more in _INTENSITIES.items() for name in channels}
    plain = dict.fromkeys((*_PLAIN[ndim], *places), False)
    return plain | dict.fromkeys((*_DETAILS[ndim], *_BOTH), True) | values


def _packed(sums: Sums) -> dict[str, NDArray[Any]]:
    """Return the arrays of sums under names such as ``sums-moments-voxels``."""
    parts = ((part.name, getattr(sums, part.name)) for part in fields(sums))
    return {
        f"sums-{name}-{column.name}": getattr(part, column.name)
        for name, part in parts
        if part is not None
        for column in fields(part)
    }


def _unpacked(partial: Arrays, details: bool, ndim: int) -> Sums:
    """Return what `_packed` took apart."""
    from bioloom.measure.cells import Cells
    from bioloom.measure.hull import Hulls
    from bioloom.measure.intensity import Intensities
    from bioloom.measure.moments import Moments
    from bioloom.measure.sums import Sums

    def part(kind: Any, name: str) -> Any:
        return kind(**{column.name: partial.read(f"sums-{name}-{column.name}") for column in fields(kind)})

    return Sums(
        moments=part(Moments, "moments"),
        intensity=part(Intensities, "intensity"),
        cells=part(Cells, "cells") if details else None,
        hulls=part(Hulls, "hulls") if details and ndim == 2 else None,
    )


def select_objects(options: SelectObjectsOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the passes with one more that drops objects by their measures.

    Raises
    ------
    BioLoomError
        If there are no labels, or for a measure that is unknown.
    """
    of = last_labels(passes, options.name).name
    where = tuple(group if isinstance(group, tuple) else (group,) for group in options.where)
    wanted = [condition.measure for group in where for condition in group]
    known = known_measures(len(setting.spacing), setting.channels)
    for name in wanted:
        if name not in known:
            raise BioLoomError(
                f"postprocess: select_objects knows no measure '{name}' in {len(setting.spacing)}D",
                allowed=", ".join(known),
                fix=did_you_mean(name, known) or "name a column of the object table",
            )
    used = {name.split("-", 1)[1] for name in wanted if name.startswith("intensity_")}
    channels = {name: index for index, name in enumerate(setting.channels) if name in used}
    selected = SelectObjects(
        name=f"{len(passes)}-select_objects",
        of=of,
        where=where,
        keep=options.action == "keep",
        spacing=setting.spacing,
        channels=channels,
        details=any(known[name] for name in wanted),
    )
    return [*passes, selected]
