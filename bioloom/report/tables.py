"""Reading the tables and YAML files of a run; what is damaged is named in one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from bioloom.errors import BioLoomError
from bioloom.settings.resolve import read_calibration
from bioloom.volumes.points import read_points
from bioloom.volumes.tables import OBJECTS, read_table

WORDS = ["image", "class", "metric"]
"""The columns that hold no numbers."""
DIAMETER = "equivalent_diameter_um"
"""The column that the figure of sizes is drawn from; points have none."""
AGAIN = "delete it and run again"


def scores_table(path: Path, columns: Sequence[str]) -> pd.DataFrame | None:
    """Read a CSV file; None if it is missing or has no rows."""
    if not path.is_file():
        return None
    try:  # text first: a class may be called "NA"
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        for column in table.columns.difference(WORDS):
            table[column] = pd.to_numeric(table[column])
    except ValueError as error:  # the errors of pandas' parser are ValueErrors, too
        raise BioLoomError(f"{path} is no table of numbers: {error}", fix=AGAIN) from error
    missing = [column for column in columns if column not in table]
    if missing:
        raise BioLoomError(
            f"{path} lacks the column {', '.join(missing)}",
            allowed=", ".join(columns),
            fix=AGAIN,
        )
    return None if table.empty else table


def object_table(
    paths: Iterable[Path], images: Iterable[str], needed: Sequence[str] = ()
) -> pd.DataFrame | None:
    """Read the columns of object tables that the report uses, of some images; None if there is no table.

    Boxes are needed always, further columns on demand.
    """
    chosen, tables = list(images), []
    for path in paths:
        table = read_table(path, OBJECTS)
        boxes = [f"bbox-{side}" for side in range(6 if "centroid-2" in table else 4)]
        missing = [column for column in (*boxes, *needed) if column not in table]
        if missing:
            raise BioLoomError(f"{path} lacks the column {', '.join(missing)}", fix=AGAIN)
        used = [column for column in map(str, table.columns) if _used(column)]
        tables.append(table.loc[table["image"].isin(chosen), used])
    return pd.concat(tables, ignore_index=True) if tables else None


def _used(column: str) -> bool:
    exactly = column in ("image", "label", "class", "voxels", DIAMETER)
    return exactly or column.startswith(("centroid-", "bbox-"))


def count_points(run: Path, images: Iterable[str]) -> dict[str, int] | None:
    """Count the points found in every image; None if there is no table of points."""
    paths = {image: run / "points" / f"{image}.csv" for image in images}
    return {image: len(read_points(path)) for image, path in paths.items() if path.is_file()} or None


def mapping(path: Path) -> dict[str, Any]:
    """Read a YAML file; empty if it is missing or holds no mapping."""
    if not path.is_file():
        return {}
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise BioLoomError(f"{path} is no YAML file: {error}", fix=AGAIN) from error
    return values if isinstance(values, dict) else {}


def calibration(path: Path) -> dict[str, Any]:
    """Read ``calibration.yaml``, in which thresholds and curve are numbers; empty if it is missing."""
    content = mapping(path)
    if content:
        read_calibration(path)
        curve = content.get("curve") or []
        if not isinstance(curve, list) or not all(map(_is_row, curve)):
            raise BioLoomError(f"{path} holds a curve with something else than numbers", fix=AGAIN)
    return content


def _is_row(row: Any) -> bool:
    return isinstance(row, Mapping) and all(isinstance(value, int | float) for value in row.values())
