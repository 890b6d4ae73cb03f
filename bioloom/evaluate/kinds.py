"""The classes of true and of predicted objects, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bioloom.evaluate.overlap import Candidates, Overlap
from bioloom.measure.object_classes import choose, class_channels
from bioloom.measure.runs import group


@dataclass(frozen=True)
class Kinds:
    """The classes of the objects of one image, empty where nobody knows.

    Parameters
    ----------
    truth, labels : (n,), (m,) str
        In the order of `Candidates.truth` and `Candidates.labels`.
    """

    truth: np.ndarray
    labels: np.ndarray


def true_and_predicted(
    truth: Mapping[int, str], usual: str, seen: Overlap, pairs: Candidates, channels: Sequence[str]
) -> Kinds | None:
    """Return the classes of all objects; those of predicted ones are the most probable on all their voxels.

    None if nothing tells the classes of predicted objects.

    Parameters
    ----------
    truth : mapping of int to str
        The classes of true objects.
    usual : str
        That of every predicted object where no channel tells classes.
    seen : Overlap
        The image, before anything is left out: an object has the class that it has in the object table.
    pairs : Candidates
        The objects that are judged.
    channels : sequence of str
        What was summed in `seen`.
    """
    true = np.array([truth.get(int(id_), "") for id_ in pairs.truth], str)
    names = class_channels(channels)
    if not names and not usual:
        return None
    if not names or not len(pairs.labels):
        return Kinds(true, np.full(len(pairs.labels), usual))
    places = [list(channels).index(name) for name in names]
    order, first = group(seen.labels)
    sums = np.add.reduceat(seen.sums[order][:, places], first, axis=0)
    voxels = np.add.reduceat(seen.voxels[order], first)
    found, _ = choose(sums, voxels, list(names.values()))
    return Kinds(true, found[np.searchsorted(seen.labels[order][first], pairs.labels)])
