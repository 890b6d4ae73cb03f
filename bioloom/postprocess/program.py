"""From a list of operations, as in the config, to the list of passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.postprocess import OPERATIONS
from bioloom.postprocess.classes import ClassMap, ClassPass
from bioloom.postprocess.filters import FilteredReader, Filters, PredictionFilter
from bioloom.postprocess.labels import LabelPass, Relabel
from bioloom.postprocess.ordering import Ranking, rank_voxels
from bioloom.postprocess.passes import ArrayReader, Pass
from bioloom.postprocess.points import PointPass

FIXED_THRESHOLD = 0.5
"""Stands for ``fit`` where nothing was calibrated, and for calibrations on too few objects."""

FIXED_COUNTS = {"min_voxels": 20, "max_extent": 30, "class_id": 1}
"""Stand for ``auto`` where the fingerprint gives no value; voxels, and the id of a class."""


@dataclass(frozen=True)
class Setting:
    """What operations are compiled against.

    Parameters
    ----------
    channels : tuple of str
        The names of the prediction's channels.
    spacing : tuple of float
        Voxel size in micrometres, spatial order.
    thresholds : mapping of str to float
        The calibration: values for ``foreground`` and ``seed``, or for ``peak``.
    defaults : mapping of str to float
        The fingerprint's values for ``auto``: ``min_voxels`` and ``max_extent`` in voxels, ``suppression_um``
        and ``radius_um`` (the unit of predicted lengths) in micrometres, and ``class_id``.
    rank : callable
        How voxels are ordered; calibration puts a remembering one here.
    learned_axes : int
        Spatial axes of the images that the network learned from; 0 for those of the prediction.
    """

    channels: tuple[str, ...]
    spacing: tuple[float, ...]
    thresholds: Mapping[str, float] = field(default_factory=dict)
    defaults: Mapping[str, float] = field(default_factory=dict)
    rank: Ranking = rank_voxels
    learned_axes: int = 0

    @property
    def by_planes(self) -> bool:
        """Whether a network that learned from planes has predicted a volume, plane by plane."""
        return 0 < self.learned_axes < len(self.spacing)

    def threshold(self, value: float | str, kind: str) -> float:
        """Return a threshold, looking up ``fit``."""
        return float(self.thresholds.get(kind, FIXED_THRESHOLD)) if isinstance(value, str) else float(value)

    def length(self, value: float | str, kind: str) -> float:
        """Return a length in micrometres, looking up ``auto``; without one the finest side of a voxel."""
        return float(self.defaults.get(kind, min(self.spacing))) if isinstance(value, str) else float(value)

    def count(self, value: int | str, kind: str) -> int:
        """Return a size in voxels, or an id, looking up ``auto``."""
        return int(self.defaults.get(kind, FIXED_COUNTS[kind])) if isinstance(value, str) else int(value)


def compile_passes(
    operations: Sequence[Any],
    *,
    channels: Sequence[str],
    spacing: Sequence[float],
    thresholds: Mapping[str, float] | None = None,
    defaults: Mapping[str, float] | None = None,
    rank: Ranking = rank_voxels,
    learned_axes: int = 0,
    product: str = "labels",
) -> list[Pass]:
    """Return the passes that carry out `operations` in their order.

    Parameters
    ----------
    operations : sequence
        Options objects, mappings with a ``name``, or names: the first one makes something of the prediction
        (``watershed`` makes labels), the others change it. Filters of the prediction may come before.
    channels, spacing, thresholds, defaults, rank, learned_axes
        See :class:`Setting`.
    product : str
        What the operations are to end in, a key of :data:`FINISHING`.

    Returns
    -------
    list of Pass
        Every job compiles the same list; the last pass makes the product.

    Raises
    ------
    BioLoomError
        For an unknown operation or channel, an order that makes no sense, or another product.
    """
    setting = Setting(tuple(channels), tuple(spacing), thresholds or {}, defaults or {}, rank, learned_axes)
    passes: list[Pass] = []
    filters = Filters()
    for operation in operations:
        options: Any = OPERATIONS.parse(operation)
        passes = filters.take(OPERATIONS[options.name](options, passes, setting))
    return filters.apply(FINISHING[product](passes))


def filter_whole(
    operations: Sequence[Any], prediction: NDArray[Any], *, channels: Sequence[str], spacing: Sequence[float]
) -> tuple[NDArray[Any], list[Any]]:
    r"""Carry out the filters that a list of operations begins with.

    Whoever tries several thresholds on an image then filters it once.

    Parameters
    ----------
    operations, channels, spacing
        See :func:`compile_passes`.
    prediction : ndarray of float, shape (channel, \*spatial)
        The whole prediction.

    Returns
    -------
    ndarray, shape (channel, \*spatial)
        The filtered prediction.
    list
        The other operations.
    """
    setting, image = Setting(tuple(channels), tuple(spacing)), Box.of(prediction.shape[1:])
    for place, operation in enumerate(operations):
        options: Any = OPERATIONS.parse(operation)
        made = OPERATIONS[options.name](options, [], setting)
        if not isinstance(made[-1], PredictionFilter):
            return prediction, list(operations[place:])
        prediction = FilteredReader(ArrayReader(prediction), made[-1], image).read(image)
    return prediction, []


def needs_all_axes(setting: Setting, asking: str) -> None:
    """Raise if an operation follows directions in space, and the network knows those of planes only.

    Raises
    ------
    BioLoomError
        For a volume that was predicted plane by plane.
    """
    if setting.by_planes:
        raise BioLoomError(
            f"postprocess: {asking} follows directions in volumes, and the network learned from planes",
            fix="train on volumes, or learn something without directions (recipe: contour, center, ...)",
        )


def last_labels(passes: Sequence[Pass], asking: str) -> LabelPass:
    """Return the pass whose labels are current.

    Raises
    ------
    BioLoomError
        If no operation has made labels yet.
    """
    if passes and isinstance(passes[-1], LabelPass):
        return passes[-1]
    raise BioLoomError(f"postprocess: {asking} has no labels to work on", fix="begin with watershed")


def last_classes(passes: Sequence[Pass], asking: str) -> ClassPass:
    """Return the pass whose class map is current.

    Raises
    ------
    BioLoomError
        If no operation has made a class map yet.
    """
    if passes and isinstance(passes[-1], ClassPass):
        return passes[-1]
    raise BioLoomError(f"postprocess: {asking} has no class map to work on", fix="begin with argmax")


def last_points(passes: Sequence[Pass], asking: str) -> PointPass:
    """Return the pass whose points are current.

    Raises
    ------
    BioLoomError
        If no operation has made points yet.
    """
    if passes and isinstance(passes[-1], PointPass):
        return passes[-1]
    raise BioLoomError(f"postprocess: {asking} has no points to work on", fix="begin with peaks")


def _finish_labels(passes: Sequence[Pass]) -> list[Pass]:
    last = last_labels(passes, "the list of operations")
    return [*passes, Relabel(f"{len(passes)}-relabel", of=last.name)]


def _finish_classes(passes: Sequence[Pass]) -> list[Pass]:
    last = last_classes(passes, "the list of operations")
    return [*passes, ClassMap(f"{len(passes)}-classes", of=last)]


def _finish_points(passes: Sequence[Pass]) -> list[Pass]:
    return [*passes[:-1], last_points(passes, "the list of operations")]


FINISHING: Mapping[str, Callable[[Sequence[Pass]], list[Pass]]] = {
    "labels": _finish_labels,
    "classes": _finish_classes,
    "points": _finish_points,
}
"""For every product what makes all passes of those of the operations."""
