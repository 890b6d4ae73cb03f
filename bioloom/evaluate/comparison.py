"""What all metrics of an image are made of: the voxels are read once, metrics look at tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bioloom.evaluate.channels import Channels
from bioloom.evaluate.crumbs import without_crumbs
from bioloom.evaluate.kinds import Kinds, true_and_predicted
from bioloom.evaluate.overlap import Candidates, LabelImage, Overlap, candidates, overlap
from bioloom.measure.runs import STEPS


@dataclass(frozen=True)
class Images:
    """What was compared.

    Parameters
    ----------
    truth, labels : LabelImage
        Ids, read box by box.
    spacing : tuple of float
        Voxel size in micrometres.
    ignore : int, optional
        The id of true voxels that are not judged.
    """

    truth: LabelImage
    labels: LabelImage
    spacing: tuple[float, ...]
    ignore: int | None = None


@dataclass(frozen=True)
class Comparison:
    """The truth of one image beside the labels that were predicted.

    Parameters
    ----------
    table : Overlap
        Voxels shared by each pair of ids, the background included.
    pairs : Candidates
        All objects, and the IoU of those that overlap.
    means : mapping of str to (m,) float64
        Per channel that a metric asked for, its mean over each predicted object, in the order of
        ``pairs.labels``; from 0 to 1.
    declared : tuple of int
        The classes that can be predicted, where the ids are those of classes.
    images : Images, optional
        The images themselves, for metrics that ask where voxels are.
    kinds : Kinds, optional
        The classes of the objects, where these have some.
    """

    table: Overlap
    pairs: Candidates
    means: Mapping[str, np.ndarray]
    declared: tuple[int, ...] = ()
    images: Images | None = None
    kinds: Kinds | None = None

    @property
    def classes(self) -> tuple[int, ...]:
        """The ids of classes that can be predicted or are there, ascending."""
        there = {*self.table.truth.tolist(), *self.table.labels.tolist(), *self.declared}
        return tuple(sorted(there))


def compare(
    truth: LabelImage,
    labels: LabelImage,
    prediction: Channels | None = None,
    *,
    smallest_truth: int = 0,
    classes: Sequence[int] = (),
    ignore: int | None = None,
    spacing: Sequence[float] = (),
    true_classes: Mapping[int, str] | None = None,
    usual_class: str = "",
) -> Comparison:
    """Compare two label images, reading each block of them once.

    Parameters
    ----------
    truth, labels : (*spatial) integer
        Object ids, 0 for background.
    prediction : Channels, optional
        The channels that metrics need the means of.
    smallest_truth : int
        See `bioloom.evaluate.crumbs.without_crumbs`.
    classes : sequence of int
        The classes that can be predicted, where the ids are those of classes.
    ignore : int, optional
        The id of true voxels that are not judged.
    spacing : sequence of float
        Voxel size in micrometres; 1 along every axis if left out.
    true_classes : mapping of int to str, optional
        The classes of the true objects; of predicted ones the channels of classes tell it.
    usual_class : str
        That of every predicted object without a prediction.

    Raises
    ------
    BioLoomError
        For different shapes, arrays that hold no ids, or a channel that the prediction lacks.
    """
    seen = overlap(truth, labels, prediction)
    table = without_crumbs(_judged(seen, ignore), smallest_truth)
    pairs = candidates(table)
    means = {}
    for index, channel in enumerate(prediction.wanted if prediction is not None else ()):
        at = np.searchsorted(pairs.labels, table.labels[table.labels > 0])
        sums, voxels = (
            np.bincount(at, values[table.labels > 0], len(pairs.labels))
            for values in (table.sums[:, index], table.voxels)
        )
        means[channel] = sums / (voxels * STEPS)
    images = Images(truth, labels, tuple(spacing) or (1.0,) * len(truth.shape), ignore)
    wanted = () if prediction is None else prediction.wanted
    kinds = (
        None if true_classes is None else true_and_predicted(true_classes, usual_class, seen, pairs, wanted)
    )
    return Comparison(table, pairs, means, tuple(classes), images, kinds)


def _judged(table: Overlap, ignore: int | None) -> Overlap:
    """Return the table without the voxels that are ignored in the truth."""
    if ignore is None:
        return table
    kept = table.truth != ignore
    return Overlap(**{name: values[kept] for name, values in vars(table).items()})
