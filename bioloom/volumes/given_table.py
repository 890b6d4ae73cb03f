"""Tables that users give: CSV in UTF-8 with a header, columns in any order, and others beside them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bioloom.errors import BioLoomError, did_you_mean

Rows = list[tuple[int, dict[str, str | None]]]
"""Each row that is not empty, with the number of its line."""


def read_given(path: Path, noun: str, wanted: Sequence[str], *, allowed: str) -> tuple[list[str], Rows]:
    """Read a table with some columns; return all its columns and its rows.

    Parameters
    ----------
    path : Path
        The file.
    noun : str
        What it is a table of, for messages.
    wanted : sequence of str
        The columns that it must have.
    allowed : str
        What columns there may be, for messages.

    Raises
    ------
    BioLoomError
        For a file that cannot be read, an empty one, a missing column, or a row longer than the header.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = [column.strip() for column in reader.fieldnames or ()]
            reader.fieldnames = columns
            rows = [(reader.line_num, row) for row in reader if any(row.values())]
            for line, row in rows:
                check_width(row, f"{path}, line {line}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BioLoomError(f"{path} is no table of {noun}: {error}", fix="save it as CSV in UTF-8") from None
    if not columns:
        raise BioLoomError(
            f"{path} is empty", fix=f"write at least the header {','.join(wanted)} for no {noun} at all"
        )
    for column in wanted:
        if column not in columns:
            raise BioLoomError(
                f"{path} has no column '{column}' (it has {','.join(columns)})",
                allowed=allowed,
                fix=did_you_mean(column, columns),
            )
    return columns, rows


def check_width(row: Mapping[Any, Any], where: str) -> None:
    """Raise if a row of `csv.DictReader` has more fields than the header, which it keeps under None."""
    more = [field for field in row.get(None) or () if field.strip()]
    if more:
        raise BioLoomError(
            f"{where}: more fields than the header has, such as '{more[0]}'",
            allowed="one field per column, and numbers with a decimal point",
            fix="put texts that hold commas into quotation marks",
        )
