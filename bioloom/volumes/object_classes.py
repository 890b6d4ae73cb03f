"""Classes of labelled objects: the table that a user gives, and the one that lies in a store of labels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from bioloom.errors import BioLoomError
from bioloom.volumes.atomic import write_text
from bioloom.volumes.given_table import read_given

CLASSES_FILE = "classes.csv"
"""In a store of labels whose objects have classes."""
COLUMNS = ("label", "class")
LARGEST_CLASS = 2**16 - 1


def read_class_table(path: Path) -> dict[int, int]:
    """Read the classes of objects: ``label,class`` and any other columns.

    A row whose class is 0 or an empty field says nothing.

    Parameters
    ----------
    path : Path
        A CSV file.

    Returns
    -------
    dict of int to int
        The class of every label of the table.

    Raises
    ------
    BioLoomError
        For an unreadable table, a missing column, fields that are no ids, and a label that has two classes.
    """
    allowed = f"{','.join(COLUMNS)}, the number of an object and the id of its class"
    _, rows = read_given(path, "classes", COLUMNS, allowed=allowed)
    found: dict[int, int] = {}
    for line, row in rows:
        where = f"{path}, line {line}"
        label, class_ = (_id(row[column], column, where) for column in COLUMNS)
        if class_ and found.setdefault(label, class_) != class_:
            raise BioLoomError(
                f"{where}: the label {label} has the class {class_}, and {found[label]} further up",
                allowed="one class per object",
            )
    return found


def write_classes(store: Path, classes: Mapping[int, int]) -> None:
    """Write the classes of the objects of a store of labels, in the order of the labels."""
    rows = "".join(f"{label},{classes[label]}\n" for label in sorted(classes))
    write_text(store / CLASSES_FILE, f"{','.join(COLUMNS)}\n{rows}")


def read_classes(store: Path) -> dict[int, str] | None:
    """Return the classes of the objects of a store of labels, None where they have none."""
    path = store / CLASSES_FILE
    if not path.is_file():
        return None
    return {label: str(class_) for label, class_ in read_class_table(path).items()}


def _id(text: str | None, column: str, where: str) -> int:
    """Return a whole number; 0 for a class that is not known."""
    text = (text or "").strip()
    whole = re.sub(r"\.0*$", "", text)  # as tables are written that have empty fields
    value = int(whole) if whole.isascii() and whole.isdecimal() else -1
    if column == "class" and (not text or 0 <= value <= LARGEST_CLASS):
        return max(value, 0)
    if column == "class" or not 0 < value < 2**63:
        allowed = f"0 (none) to {LARGEST_CLASS}" if column == "class" else "1 to 2**63 - 1"
        raise BioLoomError(f"{where}: {column} '{text}'", allowed=f"whole numbers from {allowed}")
    return value
