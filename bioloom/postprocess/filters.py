"""Filters of predictions: operations that change what the operations after them read.

A filter is no pass. The passes of later operations read the prediction through it, box by box with a margin
as wide as the filter looks, so that no face of a block shows; nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.passes import Pass, Reader, Source
from bioloom.postprocess.points import PointPass
from bioloom.postprocess.workspace import Arrays

Channels = Annotated[
    Annotated[tuple[str, ...], Field(min_length=1)] | Literal["all"],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) and value != "all" else value),
]
"""The type of an option that holds names of channels; a single one may stand without a list."""
Along = Literal["z", "xy", "all"]
"""Along which axes an operation works: through the planes, within them, or both."""


class Filter(Protocol):
    """A filter of one channel whose values depend on a neighbourhood only."""

    @property
    def reach(self) -> tuple[int, ...]:
        """How far it looks, in voxels per axis."""
        ...

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        r"""Return the filtered values, ``(*spatial)``; the image is mirrored at the border of the array."""
        ...


@dataclass(frozen=True)
class PredictionFilter:
    """Stands at the end of a list of passes: what is added after it reads the prediction through it.

    Parameters
    ----------
    name : str
        The name of the operation.
    channels : tuple of int
        The channels that are filtered; the others stay.
    filter : Filter
        What it does to each.
    """

    name: str
    channels: tuple[int, ...]
    filter: Filter

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Refuse: a filter is taken out of the list of passes before they run."""
        raise RuntimeError("a filter of predictions is no pass")

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Refuse: a filter is taken out of the list of passes before they run."""
        raise RuntimeError("a filter of predictions is no pass")


@dataclass(frozen=True)
class FilteredReader:
    """A prediction that is filtered as it is read.

    Parameters
    ----------
    reader : Reader
        The prediction.
    by : PredictionFilter
        What is done to it.
    image : Box
        The whole image.
    """

    reader: Reader
    by: PredictionFilter
    image: Box

    def read(self, box: Box) -> NDArray[Any]:
        r"""Return the filtered voxels of a box inside the image, ``(channel, *box.shape)``."""
        window = box.grow(self.by.filter.reach).clip(self.image)
        values = self.reader.read(window)
        inner = box.within(window).slices
        found = np.array(values[(slice(None), *inner)], np.float32)
        for channel in self.by.channels:
            found[channel] = self.by.filter(np.asarray(values[channel], np.float32))[inner]
        return found


@dataclass(frozen=True)
class FilteredPass:
    """A pass that reads a filtered prediction.

    Parameters
    ----------
    step : Pass
        The pass.
    filters : tuple of PredictionFilter
        The filters, in order.
    """

    step: Pass
    filters: tuple[PredictionFilter, ...]

    @property
    def name(self) -> str:
        """The name of the pass."""
        return self.step.name

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return the partial of one block."""
        return self.step.map(block, self._filtered(source))

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return the table of all partials."""
        return self.step.reduce(partials, self._filtered(source))

    def _filtered(self, source: Source) -> Source:
        reader = source.prediction
        for by in self.filters:
            reader = FilteredReader(reader, by, source.image)
        return replace(source, prediction=reader)


@dataclass(frozen=True, kw_only=True)
class FilteredPoints(PointPass):
    """A pass that makes points of a filtered prediction."""

    by: FilteredPass

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return the candidates of one block."""
        return self.by.map(block, source)

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return the points of the image."""
        return self.by.reduce(partials, source)


class Filters:
    """The filters of a list of operations, and which passes each of them is for."""

    def __init__(self) -> None:
        self._found: list[tuple[PredictionFilter, int]] = []

    def take(self, passes: list[Pass]) -> list[Pass]:
        """Return the passes without a filter at their end, which is kept with its place."""
        if passes and isinstance(passes[-1], PredictionFilter):
            self._found.append((passes[-1], len(passes) - 1))
            return passes[:-1]
        return passes

    def apply(self, passes: Sequence[Pass]) -> list[Pass]:
        """Return all passes, those after a filter reading through it.

        The last pass is left as it is unless it makes points: others only write what those before it made.

        Raises
        ------
        BioLoomError
            If no pass comes after a filter.
        """
        last = passes[-1]
        reading = len(passes) if isinstance(last, PointPass) else len(passes) - 1
        for by, place in self._found:
            if place >= reading:
                raise BioLoomError(
                    f"postprocess: no operation after {by.name} reads what it changes",
                    fix="put it before watershed, argmax or what else is made of the prediction",
                )
        return [
            _through(step, tuple(by for by, place in self._found if place <= at)) if at < reading else step
            for at, step in enumerate(passes)
        ]


def _through(step: Pass, filters: tuple[PredictionFilter, ...]) -> Pass:
    """Return a pass that reads through filters."""
    if not filters:
        return step
    filtered = FilteredPass(step, filters)
    if isinstance(step, PointPass):
        return FilteredPoints(name=step.name, classes=step.classes, by=filtered)
    return filtered


def find_channels(wanted: Sequence[str] | str, channels: Sequence[str], asking: str) -> tuple[int, ...]:
    """Return the positions of channels by name, of every one for ``all``.

    Raises
    ------
    BioLoomError
        For a channel that the prediction does not have.
    """
    if isinstance(wanted, str):
        return tuple(range(len(channels)))
    for name in wanted:
        if name not in channels:
            raise BioLoomError(
                f"postprocess: {asking} wants the channel '{name}', which the prediction does not have",
                allowed=", ".join(channels),
                fix=did_you_mean(name, channels) or "name a channel, or write all",
            )
    return tuple(list(channels).index(name) for name in wanted)


def along_axes(on: Any, off: Any, along: Along, ndim: int, asking: str) -> tuple[Any, ...]:
    """Return a value per axis: `on` for those that an operation works along, `off` for the others.

    Raises
    ------
    BioLoomError
        For ``z`` on an image without z.
    """
    if along == "z" and ndim == 2:
        raise BioLoomError(f"postprocess: {asking} along z on a 2D image", allowed="xy, all")
    deep, wide = off if along == "xy" else on, off if along == "z" else on
    return (deep, wide, wide)[-ndim:]
