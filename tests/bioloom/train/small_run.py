"""The files of a run as far as training needs them: two training images and one for validation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bioloom.measure.volume import measure_volume
from bioloom.settings import parse_options
from bioloom.settings.config import Config
from bioloom.train.patches import PATCHES, patch_table
from bioloom.train.setup import TrainingFiles
from bioloom.volumes.manifest import write_manifest
from bioloom.volumes.store import create_volume, open_volume
from bioloom.volumes.tables import OBJECTS, write_table

SHAPES = {2: (40, 48), 3: (12, 24, 28)}
SIZES = {2: (16, 16), 3: (8, 16, 16)}
PACKS = ("train_a", "train_b", "val_c")


def facts(ndim: int) -> dict[str, Any]:
    """Return the facts of a fingerprint."""
    return {
        "channels": 1,
        "ndim": ndim,
        "spacing_um": [0.5] * ndim,
        "intensity_floor": [1.0],
        "median_radius_um": 1.5,
    }


def config(ndim: int, **changes: Any) -> Config:
    """Return options without any ``auto`` that a fingerprint settles."""
    train = {"steps": 2, "batch_size": 2, "validate_every": 2, "precision": "fp32", "workers": 0}
    values = {
        "task": "instance_segmentation",
        "patch": {"size": list(SIZES[ndim]), "overlap": [2] * ndim},
        "model": {"name": "unet", "feature_maps": [2, 4], "pooling": [[2] * ndim]},
        "train": train,
        "augment": ["flip"],
    }
    return parse_options(values | changes)


def files(folder: Path, ndim: int) -> TrainingFiles:
    """Write the files and return where they are."""
    generator = np.random.default_rng(0)
    made = {}
    for pack in PACKS:
        labels = np.zeros((1, *SHAPES[ndim]), np.uint8)
        for label in range(1, 5):
            low = [int(generator.integers(0, n - 6)) for n in SHAPES[ndim]]
            labels[(0, *(slice(a, a + 6) for a in low))] = label
        image = (generator.normal(20, 3, labels.shape) + 100 * (labels > 0)).astype(np.uint8)
        entries = {}
        for name, values in (("images", image), ("labels", labels)):
            path = folder / name / f"{pack}.zarr"
            kind: Any = name.removesuffix("s") if name == "images" else name
            volume = create_volume(path, values.shape, np.uint8, spacing=(0.5,) * ndim, kind=kind)
            volume.array[...] = values
            if name == "images":
                volume.update_facts(
                    intensity={"offset": [20.0], "scale": [100.0], "min": [0.0], "max": [255.0]}
                )
            entries[name] = open_volume(path).entry()
            write_manifest(folder / name / f"{pack}.csv", [entries[name]])
        stores = [open_volume(entries[name].path) for name in ("labels", "images")]
        table = measure_volume(*stores, ("channel-0",), image_id=pack, distances=True)
        write_table(folder / "truth" / f"{pack}.csv", table, OBJECTS)
        made[pack] = (entries["images"], table)
    for split, pack in (("train", "train_a"), ("val", "val_c")):
        entry, table = made[pack]
        write_table(
            folder / "patches" / f"{split}.csv",
            patch_table([entry], table, SIZES[ndim]),
            PATCHES,
        )
    return TrainingFiles(*(folder / name for name in ("patches", "images", "labels", "truth")), PACKS)
