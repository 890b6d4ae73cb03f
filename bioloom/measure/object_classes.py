"""The class of every predicted object: that of the highest mean probability over its voxels.

Probabilities are summed in whole steps, so that neither blocks nor ids show in the sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bioloom.geometry.box import Box
from bioloom.measure.blocks import blocks, merged
from bioloom.measure.runs import STEPS, checked_labels, find_runs, group, run_sums

PREFIX = "classes-"
"""Begins the name of a channel with the probability of a class; its id follows."""

Part = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Ids, their voxels, and their sums per channel."""


def class_channels(names: Sequence[str]) -> dict[str, str]:
    """Return the classes that a prediction tells apart, by the names of their channels; {} for none."""
    return {name: name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)}


def object_classes(labels: Any, prediction: Any) -> pd.DataFrame:
    """Return the class of every object.

    Parameters
    ----------
    labels : Volume
        Object ids, 0 for background.
    prediction : Volume
        The prediction that the labels were made of, with a channel ``classes-<id>`` per class.

    Returns
    -------
    DataFrame
        ``label`` (ascending), ``class`` (the id, as text) and ``class_score`` (its mean probability).
    """
    channels = class_channels(prediction.channel_names)
    places = [prediction.channel_names.index(name) for name in channels]

    def part(box: Box) -> Part:
        ids = checked_labels(labels.read(box)[0])
        starts, lengths = find_runs(ids)
        sums = np.zeros((len(starts), len(places)), np.int64)
        for column, place in enumerate(places):
            values = prediction.read(box, channels=slice(place, place + 1))
            sums[:, column] = run_sums(values.reshape(-1), starts)
        return _added([(ids.reshape(-1)[starts].astype(np.int64), lengths, sums)])

    ids, voxels, sums = merged(map(part, blocks(labels.spatial)), _added, lambda found: len(found[0]))
    there = ids > 0
    classes, scores = choose(sums[there], voxels[there], list(channels.values()))
    return pd.DataFrame({"label": ids[there], "class": classes, "class_score": scores})


def choose(sums: np.ndarray, voxels: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the class of every object and its mean probability; of equally probable ones the first.

    Parameters
    ----------
    sums : (n, c) int64
        Sums of the probabilities of c classes over n objects, in steps of 1 / `STEPS`.
    voxels : (n,) int64
        Their voxels.
    names : sequence of str
        What the classes are called.
    """
    best = sums.argmax(axis=1) if len(sums) else np.zeros(0, np.int64)
    return np.array(names, str)[best], sums[np.arange(len(sums)), best] / (voxels * STEPS)


def _added(parts: Sequence[Part]) -> Part:
    ids, voxels, sums = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order, first = group(ids)
    if not len(first):
        return ids, voxels, sums
    return (
        ids[order][first],
        np.add.reduceat(voxels[order], first),
        np.add.reduceat(sums[order], first, axis=0),
    )
