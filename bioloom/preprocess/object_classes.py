"""The class of every labelled object, from an image of class ids or a table beside the labels.

An object of the image is of the class that most of its voxels are of (majority, as HoVer-Net does)::

    labels   0 1 1 1 2 2 0        classes   0 3 3 1 2 2 0        object 1: class 3, object 2: class 2
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bioloom.errors import BioLoomError
from bioloom.geometry.grid import tiles
from bioloom.measure.runs import find_runs
from bioloom.preprocess.checks import check_labels, check_pair
from bioloom.preprocess.meaning import Meaning
from bioloom.preprocess.slabs import slab_shape
from bioloom.volumes.formats import read_foreign
from bioloom.volumes.formats.foreign import Foreign
from bioloom.volumes.layout import CHUNK_SIDE
from bioloom.volumes.object_classes import read_class_table
from bioloom.volumes.sources import TABLE

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClassTable:
    """The class of each label, and the file that says so."""

    path: Path
    classes: Mapping[int, int]


Given = Foreign | ClassTable
"""Classes as they are given: an image of their ids, or a table."""


def open_classes(path: Path, image: Foreign | None, axes: str | None) -> Given:
    """Open the classes of the objects of an image.

    Parameters
    ----------
    path : Path
        An image of class ids, or a table ``label,class``, which counts for every time point.
    image : Foreign, optional
        The image, to which an image of classes must belong.
    axes : str, optional
        The axes of the files, if they are not to be asked.

    Raises
    ------
    BioLoomError
        For an unreadable file, classes of another shape, and values that are no ids.
    """
    if path.suffix.lower() == TABLE:
        return ClassTable(path, read_class_table(path))
    classes = read_foreign(path, axes, labels=True)
    check_labels(classes, "classes")
    if image is not None:
        check_pair(image, classes, "classes")
    return classes


def classes_of(labels: Foreign, given: Given, objects: np.ndarray, meaning: Meaning) -> dict[int, int]:
    """Return the class of every object whose class is known.

    Parameters
    ----------
    labels : Foreign
        Object ids, one channel.
    given : Foreign or ClassTable
        As `open_classes` returns it, of the same part of the file.
    objects : ndarray of int, shape (n,)
        The ids in the labels, with or without 0.
    meaning : Meaning
        Which classes there may be, and which voxels do not count.

    Raises
    ------
    BioLoomError
        For classes that were not declared, or if more than half of the objects have none.
    """
    wanted = [int(id_) for id_ in objects if id_]
    if isinstance(given, ClassTable):
        known = {id_: given.classes[id_] for id_ in wanted if id_ in given.classes}
        meaning.check_classes(given.path, np.unique([*known.values()]).astype(np.int64))
        classes = {id_: class_ for id_, class_ in known.items() if class_ != meaning.ignore}
    else:
        classes = _by_majority(_counts(labels, given, meaning), labels.path)
    bare = sorted(set(wanted) - set(classes))
    if 2 * len(bare) > len(wanted):
        raise BioLoomError(
            f"{len(bare)} of the {len(wanted)} objects in {labels.path} have no class in {given.path}",
            allowed="a class for nearly every object",
            fix="check that labels and classes belong together",
        )
    if bare:
        log.warning("%s: %d objects have no class (label %d)", labels.path, len(bare), bare[0])
    return classes


def _counts(labels: Foreign, given: Foreign, meaning: Meaning) -> pd.DataFrame:
    """Count the voxels of every pair of an object and a class, slab by slab."""
    counts = pd.DataFrame({"label": [], "class": [], "voxels": []}, dtype=np.int64)
    for box in tiles(labels.spatial, slab_shape(labels, (CHUNK_SIDE[labels.ndim],) * labels.ndim)):
        ids, classes = (np.ascontiguousarray(file.read(box)[0]) for file in (labels, given))
        starts, voxels = find_runs(ids, classes)
        pairs = (array.reshape(-1)[starts].astype(np.int64) for array in (ids, classes))
        part = pd.DataFrame(dict(zip(("label", "class"), pairs, strict=True)) | {"voxels": voxels})
        counts = pd.concat([counts, part]).groupby(["label", "class"]).sum().reset_index()
    meaning.check_classes(given.path, np.unique(counts["class"]))
    known = (counts["label"] > 0) & (counts["class"] > 0) & (counts["class"] != meaning.ignore)
    return counts[known]


def _by_majority(counts: pd.DataFrame, path: Path) -> dict[int, int]:
    """Return for every object the class of most of its voxels; of equally common ones the lowest id."""
    ordered = counts.sort_values(["label", "voxels", "class"], ascending=[True, False, True])
    best = ordered.drop_duplicates("label")
    total = counts.groupby("label")["voxels"].sum()
    share = best["voxels"].to_numpy() / total.loc[best["label"]].to_numpy()
    if (torn := best[share < 1])["label"].size:
        worst = best.iloc[int(share.argmin())]
        log.warning(
            "%s: %d of %d objects hold voxels of several classes, and get the commonest "
            "(of label %d, %.0f %% are of class %d)",
            path,
            torn["label"].size,
            len(best),
            worst["label"],
            100 * share.min(),
            worst["class"],
        )
    return dict(zip(best["label"].tolist(), best["class"].tolist(), strict=True))
