"""What a training works on, opened from the files of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from bioloom.augment.compose import Augmenter
from bioloom.errors import BioLoomError
from bioloom.settings.config import Config
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.stack import TargetStack
from bioloom.train.crops import CropSource
from bioloom.train.images import ImageShelf, LabelledImage
from bioloom.train.patches import PATCHES
from bioloom.volumes.manifest import Entry, Stores, read_manifest
from bioloom.volumes.tables import OBJECTS, read_table

MOST_GB = 2.0**30
"""More memory than this nobody has; larger numbers may be too large for bytes."""


@dataclass(frozen=True)
class TrainingFiles:
    """The folders of a run that a training reads, and the packs in them.

    Parameters
    ----------
    patches, images, labels, truth : Path
        Folders with ``{train,val}.csv``, the manifests and the object tables.
    packs : sequence of str
        Training and validation packs.
    """

    patches: Path
    images: Path
    labels: Path
    truth: Path
    packs: Sequence[str]

    def entries(self, folder: Path) -> list[Entry]:
        """Return the entries of all packs in one of the folders."""
        return [entry for pack in self.packs for entry in read_manifest(folder / f"{pack}.csv")]

    def digests(self) -> dict[str, str]:
        """Return what identifies the data: a digest of every store."""
        stores = {"images": self.images, "labels": self.labels}
        return {f"{n}/{e.image}": e.digest for n, folder in stores.items() for e in self.entries(folder)}

    def labelled_images(self, median_radius_um: float) -> dict[str, LabelledImage]:
        """Return every image with its labels and what is known of its objects."""
        labels = Stores(*(self.labels / f"{pack}.csv" for pack in self.packs))
        objects = pd.concat([read_table(self.truth / f"{pack}.csv", OBJECTS) for pack in self.packs])
        images = {}
        for entry in self.entries(self.images):
            rows = objects[objects["image"] == entry.image]
            facts = ObjectFacts.from_table(
                {str(name): column for name, column in rows.items()}, len(entry.shape) - 1, median_radius_um
            )
            images[entry.image] = LabelledImage(entry.path, labels[entry.image], facts)
        return images


def open_source(
    files: TrainingFiles,
    config: Config,
    facts: dict[str, Any],
    targets: TargetStack,
    augmentations: Sequence[Any],
    *,
    memory_gb: float,
) -> CropSource:
    """Return where training and validation examples come from.

    Parameters
    ----------
    files : TrainingFiles
        What to read.
    config : Config
        Options without any ``auto`` left in ``patch``.
    facts : dict
        Facts of the fingerprint.
    targets : TargetStack
        What is learned.
    augmentations : sequence
        Options of the augmentations, in order.
    memory_gb : float
        GiB of decoded images to keep.

    Raises
    ------
    BioLoomError
        If a table is missing, or names an image that none of the packs holds.
    """
    radius = float(facts.get("median_radius_um", 1.0))
    shelf = ImageShelf(
        files.labelled_images(radius),
        floor=np.asarray(facts["intensity_floor"], np.float64),
        memory_bytes=int(min(memory_gb, MOST_GB) * 2**30),
    )
    learned, validated = (read_table(files.patches / f"{split}.csv", PATCHES) for split in ("train", "val"))
    _check_held([*learned["image"], *validated["image"]], shelf, files.packs)
    return CropSource(
        learned,
        validated,
        shelf,
        targets=targets,
        augmenter=Augmenter(augmentations),
        patch=tuple(cast("list[int]", config.patch.size)),
        median_radius_um=radius,
        seed=config.train.seed,
        foreground_share=config.patch.foreground_share,
        ignore=config.data.ignore,
    )


def _check_held(named: Iterable[str], shelf: ImageShelf, packs: Sequence[str]) -> None:
    """Raise if patches were listed of an image that no pack holds."""
    lacking = sorted(set(named) - set(shelf))
    if lacking:
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        raise BioLoomError(
            f"the patches name the image {lacking[0]}{more}, which none of the packs holds",
            allowed=f"images of {', '.join(packs)}",
            fix="name the packs of all training and validation images",
        )
