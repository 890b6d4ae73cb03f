"""What the fingerprint says about classes: which there are, how common each is, and how to weigh it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bioloom.errors import BioLoomError
from bioloom.preprocess.meaning import Meaning

CLASS_ID = "postprocess.class_id"
LARGEST_WEIGHT = 10.0
"""The weights of two classes differ by at most this factor."""


def class_facts(table: pd.DataFrame, voxels: int, meaning: Meaning) -> dict[str, Any]:
    """Describe the classes of the training images.

    Parameters
    ----------
    table : DataFrame
        One row per image and class but 0, with ``label`` (the id) and ``voxels``.
    voxels : int
        Voxels of all images; what is in no row is of class 0.
    meaning : Meaning
        Which classes were declared, and which id is ignored.

    Returns
    -------
    dict
        ``classes`` (ids), ``class_shares`` (of the voxels whose class is known, by id), ``class_weights``
        and ``foreground_share``.

    Raises
    ------
    BioLoomError
        If none was declared and the labels hold one class only.
    """
    sums = table.groupby("label", as_index=False)["voxels"].sum()
    counts = dict(zip(sums["label"].tolist(), sums["voxels"].tolist(), strict=True))
    counts[0] = voxels - sum(counts.values())
    counts.pop(meaning.ignore, None)  # type: ignore[arg-type]
    classes = sorted(i for i, n in counts.items() if n) if meaning.classes == "auto" else meaning.classes
    check_number(classes)
    known = sum(counts.get(i, 0) for i in classes)
    shares = {i: counts.get(i, 0) / known if known else 0.0 for i in classes}
    weights = balancing(list(shares.values()))
    return {
        "classes": list(classes),
        "class_shares": {str(i): _rounded(share) for i, share in shares.items()},
        "class_weights": {str(i): _rounded(w) for i, w in zip(classes, weights, strict=True)},
        "foreground_share": _rounded(sum(share for i, share in shares.items() if i)),
    }


def check_objects(classes: Sequence[int]) -> None:
    """Raise if the training objects are of fewer than two classes."""
    if len(classes) < 2:
        raise BioLoomError(
            f"the training objects are all of class {classes[0]}" if classes else "no object has a class",
            allowed="objects of two classes or more",
            fix="add images with objects of another class, or leave `classes` out of data",
        )


def check_number(classes: Sequence[int]) -> None:
    """Raise if the training labels hold fewer than two classes."""
    if len(classes) < 2:
        only = f"the class {classes[0]} only" if classes else "no class"
        raise BioLoomError(
            f"the training labels hold {only}",
            allowed="two classes or more, one of which may be the background (0)",
            fix="add images in which the others are labelled, or declare all in data.classes",
        )


def balancing(shares: Sequence[float]) -> list[float]:
    """Return a weight per class: inverse to its share, at most `LARGEST_WEIGHT` times the smallest.

    They are scaled so that the mean over all voxels is 1. A class without a voxel weighs as much as the
    rarest one that has some: nothing has its weight, anyhow.
    """
    there = [share for share in shares if share > 0]
    if not there:
        return [1.0] * len(shares)
    floor = max(min(there), max(there) / LARGEST_WEIGHT)
    weights = [1 / max(share, floor) for share in shares]
    mean = sum(w * share for w, share in zip(weights, shares, strict=True)) / sum(shares)
    return [w / mean for w in weights]


def settled_classes(facts: Mapping[str, Any]) -> tuple[list[int], str]:
    """Return the classes of the training labels, or of the objects in them, and why these."""
    if "class_shares" not in facts:
        objects = facts["class_objects"]
        counts = ", ".join(f"{i} ({objects.get(str(i), 0)})" for i in facts["classes"])
        return list(facts["classes"]), f"ids of the training objects, with how many there are: {counts}"
    shares = ", ".join(f"{i} ({share:.2g})" for i, share in facts["class_shares"].items())
    return list(facts["classes"]), f"ids in the training labels, with their shares: {shares}"


def settled_class_id(facts: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the class of a single foreground, if the labels have one class beside the background."""
    others = [id_ for id_ in facts.get("classes", ()) if id_]
    if len(others) != 1:
        return {}
    return {CLASS_ID: {"value": others[0], "reason": "the only class of the labels beside the background"}}


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
