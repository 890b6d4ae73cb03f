"""Pictures of nuclei, volumes in memory, and whole run folders, all synthetic."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure
from scipy import ndimage
from skimage.measure import regionprops_table

from bioloom.geometry.box import Box
from bioloom.report.sources import Subject
from bioloom.volumes.manifest import Entry, write_manifest
from bioloom.volumes.points import Points, write_points
from bioloom.volumes.store import create_volume


@dataclass
class MemoryVolume:
    """A volume in memory that remembers how much was read at once."""

    values: np.ndarray
    spacing: tuple[float, ...] = ()
    facts: dict = field(default_factory=lambda: {"spacing_known": True})
    largest: int = 0

    def __post_init__(self) -> None:
        self.spatial = self.values.shape[1:]
        self.spacing = self.spacing or (0.5,) * len(self.spatial)

    def read(self, box: Box | None = None) -> np.ndarray:
        box = box or Box.of(self.spatial)
        assert Box.of(self.spatial).contains(box)
        self.largest = max(self.largest, box.size)
        return self.values[(slice(None), *box.slices)]


def _nuclei(shape: tuple[int, ...], count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return an image (1, *shape) and labels of round bright objects that do not overlap."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, np.uint32)
    grid = np.indices(shape)
    for number in range(1, count + 1):
        centre = [rng.uniform(4, n - 4) for n in shape]
        radius = rng.uniform(3, 6)
        ball = sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True)) < radius**2
        labels[ball & (labels == 0)] = number
    clean = ndimage.gaussian_filter((labels > 0).astype(float), 1)
    image = rng.poisson(20 + 200 * clean).astype(np.uint16)
    return image[None], labels


def _perturb(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """Drop, halve, move and invent objects."""
    rng = np.random.default_rng(seed)
    found = np.zeros_like(labels)
    number = 0
    for label in np.unique(labels[labels > 0]):
        inside, fate = labels == label, rng.random()
        if fate < 0.15:
            continue
        if fate < 0.3:
            columns = np.nonzero(inside)[-1]
            left = np.arange(labels.shape[-1]) < columns.mean()
            number += 1
            found[inside & left] = number
            inside &= ~left
        elif fate < 0.5:
            inside = np.roll(inside, 3, axis=-1) & (found == 0)
        number += 1
        found[inside] = number
    found[(slice(0, 4),) * labels.ndim] = number + 1
    return found


def _table(labels: np.ndarray, spacing: tuple[float, ...] | float = 0.5) -> pd.DataFrame:
    columns = ("label", "centroid", "bbox", "area")
    table = pd.DataFrame(regionprops_table(labels.astype(np.int64), properties=columns))
    table = table.rename(columns={"area": "voxels"}).astype({"voxels": int})
    ndim = labels.ndim
    size = table["voxels"] * np.prod(np.broadcast_to(spacing, ndim))
    table["equivalent_diameter_um"] = (2 * ndim * size / np.pi) ** (1 / ndim)
    return table


def _store(path: Path, values: np.ndarray, kind: str, **facts: object) -> None:
    spacing = (0.5,) * (values.ndim - 1)
    volume = create_volume(path, values.shape, values.dtype, spacing=spacing, kind=kind, facts=facts)
    volume.write(Box.of(volume.spatial), values)


@dataclass
class RunBuilder:
    """Builds a run folder part by part."""

    run: Path

    def images(
        self,
        *names: str,
        shape: tuple[int, ...] = (64, 80),
        truth: bool = True,
        objects: int = 12,
        known: bool = True,
    ) -> "RunBuilder":
        for folder in ("objects", "truth") if truth else ("objects",):
            (self.run / folder).mkdir(parents=True, exist_ok=True)
        for seed, name in enumerate(names):
            image, labels = _nuclei(shape, objects, seed)
            found = _perturb(labels, seed) if objects else np.zeros_like(labels)
            _store(self.run / f"images/{name}.zarr", image, "image", spacing_known=known)
            _store(self.run / f"outputs/{name}.zarr", found[None], "labels")
            self._write(_table(found), "objects", name)
            if truth:
                _store(self.run / f"labels/{name}.zarr", labels[None], "labels")
                self._write(_table(labels), "truth", name)
        return self

    def points(self, **counts: int) -> "RunBuilder":
        """Write images with points found in them, instead of objects."""
        self.images(*counts)
        shutil.rmtree(self.run / "objects")
        for name, count in counts.items():
            places = np.random.default_rng(0).uniform(1, 60, (count, 2))
            (self.run / "points").mkdir(exist_ok=True)
            write_points(self.run / f"points/{name}.csv", Points.of(places))
        return self

    def pack(
        self, name: str, *images: str, folders: tuple[str, ...] = ("images", "labels", "outputs")
    ) -> None:
        """Write manifests that say that images belong to a pack."""
        for folder in folders:
            entries = [Entry(i, self.run / folder / f"{i}.zarr", (1, 64, 80), "uint8", "0") for i in images]
            write_manifest(self.run / folder / f"{name}.csv", entries)

    def scores(self, values: dict[str, dict[str, float]]) -> "RunBuilder":
        rows = [(image, "", m, v) for image, metrics in values.items() for m, v in metrics.items()]
        self._csv("metrics.csv", rows, ["image", "class", "metric", "value"])
        pooled: dict[str, list[float]] = {}
        for metrics in values.values():
            for metric, value in metrics.items():
                pooled.setdefault(metric, []).append(value)
        total = {
            m: np.nansum(v) if m.startswith("objects") else pd.Series(v).mean() for m, v in pooled.items()
        }
        return self.summary(total)

    def summary(self, values: dict[str, float]) -> "RunBuilder":
        self._csv("summary.csv", [("", m, v) for m, v in values.items()], ["class", "metric", "value"])
        return self

    def training(self, losses: list[float]) -> "RunBuilder":
        steps = [50 * (i + 1) for i in range(len(losses))]
        rows = [(s, 1e-3, 1.1 * v, v, 1.0, 0.0) for s, v in zip(steps, losses, strict=True)]
        columns = ["step", "learning_rate", "train_loss", "val_loss", "seconds", "waiting"]
        self._csv("models/all/history.csv", rows, columns)
        return self.yaml(
            "models/all/model.yaml", {"model": {"name": "residual_unet"}, "ndim": 2, "steps": steps[-1]}
        )

    def yaml(self, name: str, values: dict) -> "RunBuilder":
        path = self.run / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(values))
        return self

    def _write(self, table: pd.DataFrame, folder: str, name: str) -> None:
        table.insert(0, "image", name)
        table.to_csv(self.run / folder / f"{name}.csv", index=False)

    def _csv(self, name: str, rows: list, columns: list[str]) -> None:
        path = self.run / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows, columns=columns).to_csv(path, index=False)


@pytest.fixture
def volume() -> type[MemoryVolume]:
    return MemoryVolume


@pytest.fixture
def nuclei() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    return _nuclei


@pytest.fixture
def perturb() -> Callable[..., np.ndarray]:
    return _perturb


@pytest.fixture
def object_table() -> Callable[..., pd.DataFrame]:
    return _table


@pytest.fixture
def subject() -> Callable[..., Subject]:
    """Make an image with nuclei of which some are missed and some invented."""

    def make(shape: tuple[int, ...], count: int = 30, *, seed: int = 0, tables: bool = True) -> Subject:
        image, labels = _nuclei(shape, count, seed)
        found = _perturb(labels, seed)
        volumes = (MemoryVolume(image), MemoryVolume(labels[None]), MemoryVolume(found[None]))
        return Subject(*volumes, *((_table(labels), _table(found)) if tables else ()))

    return make


@pytest.fixture
def run(tmp_path: Path) -> RunBuilder:
    return RunBuilder(tmp_path / "results" / "trial")


@pytest.fixture
def ink() -> Callable[[Figure], float]:
    """Draw a figure, coarsely, and return the share of its pixels that are not white."""

    def measure(figure: Figure) -> float:
        figure.set_dpi(40)
        figure.canvas.draw()
        return float((np.asarray(figure.canvas.buffer_rgba())[..., :3] < 250).any(-1).mean())

    return measure
