"""The CSV tables of a run: which columns each has, and reading and writing that holds to it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.volumes.atomic import atomic_path

Kind = Literal["text", "integer", "number", "flag"]
_DTYPES = {"text": "str", "integer": "int64", "number": "float64", "flag": "bool"}
_MISSING = ["", "nan", "NaN"]


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of one kind of table.

    Parameters
    ----------
    name : str
        What the table is called in messages.
    required : mapping of str to {"text", "integer", "number", "flag"}
        Columns that every such table has. Numbers may be missing (NaN, an empty field), the others may not; a
        missing text is an empty one.
    optional : mapping of str to kind
        Regular expressions of further columns.
    """

    name: str
    required: Mapping[str, Kind]
    optional: Mapping[str, Kind] = field(default_factory=dict)

    def kind(self, column: str) -> Kind | None:
        """Return the kind of `column`, None if the table has no such column."""
        patterns = (kind for pattern, kind in self.optional.items() if re.fullmatch(pattern, column))
        return self.required.get(column) or next(patterns, None)


OBJECTS = Schema(
    "object table",
    {
        "image": "text",
        "label": "integer",
        "centroid-0": "number",
        "centroid-1": "number",
        "voxels": "integer",
    },
    {
        r"centroid-2": "number",
        r"bbox-[0-5]": "integer",
        r"area_um2|volume_um3|equivalent_diameter_um|perimeter_um|surface_area_um2": "number",
        r"circularity|sphericity|elongation|flatness|eccentricity|orientation_rad|solidity": "number",
        r"axis_(major|middle|minor)_length_um": "number",
        r"intensity_(mean|std|min|max)-.+": "number",
        r"touches_border": "flag",
        r"neighbours": "integer",
        r"nearest_neighbour_um|distance_max_um": "number",
        r"class": "text",
        r"class_score": "number",
    },
)
POINTS = Schema(
    "point table",
    {"axis-0": "number", "axis-1": "number", "class": "text", "score": "number"},
    {"axis-2": "number"},
)
CLASSES = Schema(
    "class table", {"image": "text", "class": "text", "score": "number"}, {r"score-.+": "number"}
)
METRICS = Schema("metrics table", {"image": "text", "class": "text", "metric": "text", "value": "number"})
SUMMARY = Schema("summary table", {"class": "text", "metric": "text", "value": "number"})


def read_table(path: Path | str, schema: Schema) -> pd.DataFrame:
    """Return the table `path`, its columns of the dtypes that `schema` says.

    Raises
    ------
    BioLoomError
        If the file is missing, lacks a column, has an unknown one, or a value is of the wrong kind.
    """
    path = Path(path)
    if not path.is_file():
        raise BioLoomError(f"there is no {schema.name} {path}")
    try:
        columns = list(pd.read_csv(path, nrows=0).columns)
        kinds = _kinds(columns, schema, f"{path}: ")
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a row that is longer than the header
            return pd.read_csv(
                path,
                index_col=False,
                dtype={column: _DTYPES[kind] for column, kind in kinds.items()},
                keep_default_na=False,
                na_values={column: _MISSING for column, kind in kinds.items() if kind == "number"},
            )
    except (ValueError, pd.errors.ParserWarning) as error:  # a ParserError is a ValueError, too
        raise BioLoomError(f"{path} is no {schema.name}: {error}") from None


def write_table(path: Path | str, frame: pd.DataFrame, schema: Schema) -> None:
    """Write `frame` to `path`, atomically; numbers with up to 9 significant digits, NaN as an empty field.

    Raises
    ------
    ValueError
        If a column is missing, unknown or of the wrong kind: the table is ours, so that is a mistake in a
        program.
    """
    try:
        kinds = _kinds([str(column) for column in frame.columns], schema)
    except BioLoomError as error:
        raise ValueError(str(error)) from None
    checked = frame.astype({column: _DTYPES[kind] for column, kind in kinds.items()})
    for column, kind in kinds.items():
        if kind == "integer" and not (checked[column] == frame[column]).all():
            raise ValueError(f"{schema.name}: column {column} holds fractions")
    with atomic_path(path) as temporary:
        checked.to_csv(temporary, index=False, float_format="%.9g", lineterminator="\n")


def _kinds(columns: list[str], schema: Schema, where: str = "") -> dict[str, Kind]:
    missing = [column for column in schema.required if column not in columns]
    if missing:
        fix = did_you_mean(missing[0], [column for column in columns if column not in schema.required])
        got = ",".join(columns)
        raise BioLoomError(
            f"{where}the {schema.name} lacks the column '{missing[0]}' (it has {got})", fix=fix
        )
    kinds = {column: schema.kind(column) for column in columns}
    unknown = [column for column, kind in kinds.items() if kind is None]
    if unknown:
        allowed = ", ".join([*schema.required, *schema.optional])
        raise BioLoomError(f"{where}the {schema.name} has no column '{unknown[0]}'", allowed=allowed)
    return {column: kind for column, kind in kinds.items() if kind is not None}
