"""Reading what a run left behind; every file may be missing, and then the part of the report is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from bioloom.errors import BioLoomError
from bioloom.report.tables import DIAMETER, calibration, count_points, mapping, object_table, scores_table
from bioloom.report.wording import BASELINE
from bioloom.tasks import TASKS
from bioloom.tasks.record import Product
from bioloom.volumes.manifest import read_manifest
from bioloom.volumes.store import open_volume

REPORTED = ("test", "predict")
"""The splits that a report is about."""
PRODUCTS = ("labels", "outputs")
"""The folders of which manifests say what is of this version of a run."""


@dataclass(frozen=True)
class Findings:
    """Everything that the report speaks of.

    Parameters
    ----------
    run : Path
        Folder of the run.
    config : mapping
        The options of the report step: ``run``, ``task``, ``report``, and ``baseline`` and ``metrics`` of
        ``evaluate``.
    images : tuple of str
        Ids of the images reported on, sorted.
    splits : mapping of str to int
        Number of images of every split.
    spacing : tuple of float or None
        Voxel size of the first image in micrometres, None where it is unknown.
    regions : mapping of str to mapping
        Facts of a training and a validation image, by image, if they are regions of the only file.
    metrics, summary, history : DataFrame or None
        ``metrics.csv``, ``summary.csv``, ``models/all/history.csv``.
    truth, objects : DataFrame or None
        Object tables of the reported images.
    points : mapping of str to int or None
        Number of points found, by reported image; None if the task makes none.
    calibration, fingerprint, model : mapping
        ``calibration.yaml``, ``fingerprint.yaml``, ``models/all/model.yaml``; empty if missing.
    listed : mapping of str to set of str
        Images in the manifests of ``labels`` and ``outputs``, by folder; empty if the packs are not known.
    """

    run: Path
    config: Mapping[str, Any]
    images: tuple[str, ...] = ()
    splits: Mapping[str, int] = field(default_factory=dict)
    spacing: tuple[float, ...] | None = None
    regions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    metrics: pd.DataFrame | None = None
    summary: pd.DataFrame | None = None
    history: pd.DataFrame | None = None
    truth: pd.DataFrame | None = None
    objects: pd.DataFrame | None = None
    points: Mapping[str, int] | None = None
    calibration: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    listed: Mapping[str, Set[str]] = field(default_factory=dict)

    @property
    def pooled(self) -> dict[str, float]:
        """The pooled metrics that belong to no class, by name, in the order of the file."""
        return {} if self.summary is None else _column(self.summary[self.summary["class"] == ""], "metric")

    @property
    def product(self) -> Product:
        """What the task makes: ``labels``, ``classes`` or ``points``."""
        return product_of(self.config)

    @property
    def tally(self) -> Mapping[str, int] | None:
        """The number of objects or points found in every reported image; None where nobody counted."""
        if self.objects is None:
            return self.points
        return dict.fromkeys(self.images, 0) | Counter(self.objects["image"].tolist())

    @property
    def scored(self) -> bool:
        """Whether there are scores, so whether there was ground truth."""
        return self.metrics is not None or self.summary is not None

    @property
    def has_baseline(self) -> bool:
        """Whether a method without learning was scored as well."""
        return any(metric.startswith(BASELINE) for metric in self.pooled)

    def holds(self, folder: str, image: str) -> bool:
        """Return whether what lies in a folder under the id of an image is of this version of the run."""
        return folder not in self.listed or image in self.listed[folder]

    def per_image(self, metric: str) -> dict[str, float]:
        """Return one metric of every image that has it."""
        if self.metrics is None:
            return {}
        rows = (self.metrics["metric"] == metric) & (self.metrics["class"] == "")
        return _column(self.metrics[rows], "image")

    def objects_of(self, image: str) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
        """Return the object tables of one image: truth, result."""
        return _of(self.truth, image), _of(self.objects, image)


def gather(
    run: Path, config: Mapping[str, Any], packs: Sequence[str] | None = None, *, scored: bool = True
) -> Findings:
    """Read the tables and facts of a run.

    Parameters
    ----------
    run : Path
        Folder of the run.
    config : mapping
        See :class:`Findings`.
    packs : sequence of str, optional
        The packs that belong to the run: what others left in its folder is not looked at. By default
        everything in the folder counts.
    scored : bool
        Whether ``metrics.csv`` and ``summary.csv`` are of this version of the run.

    Raises
    ------
    BioLoomError
        For a folder that is no run, or a table without its columns.
    """
    product, models = product_of(config), run / "models" / "all"
    everything = _images(run, packs)
    images = [image for image in everything if split_of(image) in REPORTED] or everything
    splits = pd.Series([split_of(image) for image in everything], dtype=str).value_counts()
    listed = {} if packs is None else {folder: _listed(run / folder, packs) for folder in PRODUCTS}
    made = {folder: [i for i in images if i in listed.get(folder, images)] for folder in PRODUCTS}
    measured = product == "labels"
    needed = (DIAMETER,) if measured else ()
    return Findings(
        run=run,
        config=config,
        images=tuple(images),
        splits={str(split): int(count) for split, count in splits.items()},
        spacing=_spacing(run / "images" / f"{images[0]}.zarr"),
        regions=_regions(run, everything),
        metrics=scores_table(run / "metrics.csv", ("image", "class", "metric", "value")) if scored else None,
        summary=scores_table(run / "summary.csv", ("class", "metric", "value")) if scored else None,
        history=scores_table(models / "history.csv", ("step",)),
        truth=object_table(_tables(run / "truth", packs), made["labels"], needed),
        objects=object_table(_tables(run / "objects", packs), images, needed) if measured else None,
        points=count_points(run, made["outputs"]) if product == "points" else None,
        calibration=calibration(run / "calibration.yaml"),
        fingerprint=mapping(run / "fingerprint.yaml"),
        model=mapping(models / "model.yaml"),
        listed=listed,
    )


def product_of(config: Mapping[str, Any]) -> Product:
    """Return what the task of a run makes; objects if the task is not known."""
    task = str(config.get("task", ""))
    return TASKS[task].product if task in TASKS else "labels"


def split_of(image: str) -> str:
    """Return the split in an image id ``<split>_<stem>``."""
    return image.split("_", 1)[0]


def _images(run: Path, packs: Sequence[str] | None) -> list[str]:
    if packs is None:
        names = sorted(path.name.removesuffix(".zarr") for path in run.glob("images/*.zarr"))
    else:
        names = sorted(e.image for pack in packs for e in read_manifest(run / "images" / f"{pack}.csv"))
    if not names:
        raise BioLoomError(
            f"{run} holds no images", allowed="the folder of a run", fix="run the workflow first"
        )
    return names


def _listed(folder: Path, packs: Sequence[str]) -> set[str]:
    """Return the images in the manifests of some packs, as far as there are manifests."""
    return {entry.image for path in _tables(folder, packs) for entry in read_manifest(path)}


def _tables(folder: Path, packs: Sequence[str] | None) -> list[Path]:
    """Return the tables in a folder that belong to some packs, all of them if the packs are not known."""
    if packs is None:
        return sorted(folder.glob("*.csv"))
    return [path for pack in sorted(packs) if (path := folder / f"{pack}.csv").is_file()]


def _spacing(path: Path) -> tuple[float, ...] | None:
    volume = open_volume(path)
    return volume.spacing if volume.spacing_known else None


def _regions(run: Path, images: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the facts of the first training and validation image, if they are regions of a file."""
    firsts = {split_of(image): image for image in reversed(images)}
    learned = [firsts[split] for split in ("train", "val") if split in firsts]
    found = {image: open_volume(run / "images" / f"{image}.zarr").facts for image in learned}
    return {image: facts for image, facts in found.items() if "region" in facts}


def _column(table: pd.DataFrame, key: str) -> dict[str, float]:
    return {str(k): float(v) for k, v in zip(table[key], table["value"], strict=True)}


def _of(table: pd.DataFrame | None, image: str) -> pd.DataFrame | None:
    return None if table is None else table[table["image"] == image]
