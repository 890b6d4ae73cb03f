"""Reading what a run left behind; every file may be missing, and then the part of the report is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from bioloom.errors import BioLoomError
from bioloom.volumes.store import open_volume

REPORTED = ("test", "predict")
"""The splits that a report is about."""
WORDS = ["image", "class", "metric"]
"""The columns that hold no numbers."""


@dataclass(frozen=True)
class Findings:
    """Everything that the report speaks of.

    Parameters
    ----------
    run : Path
        Folder of the run.
    config : mapping
        The options of the report step: ``run``, ``task``, ``report``, ``evaluate.baseline``.
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
    calibration, fingerprint, model : mapping
        ``calibration.yaml``, ``fingerprint.yaml``, ``models/all/model.yaml``; empty if missing.
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
    calibration: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pooled(self) -> dict[str, float]:
        """The pooled metrics that belong to no class, by name, in the order of the file."""
        return {} if self.summary is None else _column(self.summary[self.summary["class"] == ""], "metric")

    @property
    def scored(self) -> bool:
        """Whether there are scores, so whether there was ground truth."""
        return self.metrics is not None or self.summary is not None

    def per_image(self, metric: str) -> dict[str, float]:
        """Return one metric of every image that has it."""
        if self.metrics is None:
            return {}
        rows = (self.metrics["metric"] == metric) & (self.metrics["class"] == "")
        return _column(self.metrics[rows], "image")

    def objects_of(self, image: str) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
        """Return the object tables of one image: truth, result."""
        return _of(self.truth, image), _of(self.objects, image)


def gather(run: Path, config: Mapping[str, Any]) -> Findings:
    """Read the tables and facts of a run.

    Raises
    ------
    BioLoomError
        For a folder that is no run, or a table without its columns.
    """
    everything = _images(run)
    images = [image for image in everything if split_of(image) in REPORTED] or everything
    splits = pd.Series([split_of(image) for image in everything], dtype=str).value_counts()
    models = run / "models" / "all"
    return Findings(
        run=run,
        config=config,
        images=tuple(images),
        splits={str(split): int(count) for split, count in splits.items()},
        spacing=_spacing(run / "images" / f"{images[0]}.zarr"),
        regions=_regions(run, everything),
        metrics=_table(run / "metrics.csv", ("image", "class", "metric", "value")),
        summary=_table(run / "summary.csv", ("class", "metric", "value")),
        history=_table(models / "history.csv", ("step",)),
        truth=_objects(run / "truth", images),
        objects=_objects(run / "objects", images),
        calibration=_mapping(run / "calibration.yaml"),
        fingerprint=_mapping(run / "fingerprint.yaml"),
        model=_mapping(models / "model.yaml"),
    )


def split_of(image: str) -> str:
    """Return the split in an image id ``<split>_<stem>``."""
    return image.split("_", 1)[0]


def _images(run: Path) -> list[str]:
    names = sorted(path.name.removesuffix(".zarr") for path in run.glob("images/*.zarr"))
    if not names:
        raise BioLoomError(
            f"{run} holds no images", allowed="the folder of a run", fix="run the workflow first"
        )
    return names


def _spacing(path: Path) -> tuple[float, ...] | None:
    volume = open_volume(path)
    return volume.spacing if volume.facts.get("spacing_known", True) else None


def _regions(run: Path, images: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the facts of the first training and validation image, if they are regions of a file."""
    firsts = {split_of(image): image for image in reversed(images)}
    learned = [firsts[split] for split in ("train", "val") if split in firsts]
    found = {image: open_volume(run / "images" / f"{image}.zarr").facts for image in learned}
    return {image: facts for image, facts in found.items() if "region" in facts}


def _table(path: Path, columns: Sequence[str]) -> pd.DataFrame | None:
    """Read a CSV file; None if it is missing or has no rows."""
    if not path.is_file():
        return None
    try:  # text first: a class may be called "NA"
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        for column in table.columns.difference(WORDS):
            table[column] = pd.to_numeric(table[column])
    except ValueError as error:  # the errors of pandas' parser are ValueErrors, too
        raise BioLoomError(
            f"{path} is no table of numbers: {error}", fix="delete it and run again"
        ) from error
    missing = [column for column in columns if column not in table]
    if missing:
        raise BioLoomError(
            f"{path} lacks the column {', '.join(missing)}",
            allowed=", ".join(columns),
            fix="delete it and run again",
        )
    return None if table.empty else table


def _objects(folder: Path, images: Iterable[str]) -> pd.DataFrame | None:
    """Read the needed columns of all object tables of a folder; None if there is no table."""
    needed = ("image", "label", "voxels")  # points have no diameter
    tables = []
    for path in sorted(folder.glob("*.csv")):
        table = pd.read_csv(path, dtype={"image": str, "class": str}, usecols=_needed)
        missing = [column for column in needed if column not in table]
        if missing:
            raise BioLoomError(f"{path} lacks the column {', '.join(missing)}", fix="delete it and run again")
        tables.append(table[table["image"].isin(list(images))])
    return pd.concat(tables, ignore_index=True) if tables else None


def _needed(column: str) -> bool:
    exactly = column in ("image", "label", "class", "voxels", "equivalent_diameter_um")
    return exactly or column.startswith(("centroid-", "bbox-"))


def _mapping(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise BioLoomError(f"{path} is no YAML file: {error}", fix="delete it and run again") from error
    return values if isinstance(values, dict) else {}


def _column(table: pd.DataFrame, key: str) -> dict[str, float]:
    return {str(k): float(v) for k, v in zip(table[key], table["value"], strict=True)}


def _of(table: pd.DataFrame | None, image: str) -> pd.DataFrame | None:
    return None if table is None else table[table["image"] == image]
