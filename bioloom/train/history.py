"""The table of a training, one row per validation."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from bioloom.volumes.atomic import write_text

FIRST = ("step", "learning_rate", "train_loss", "val_loss")
LAST = ("seconds", "waiting")


def write_history(path: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Write ``history.csv``, whole or not at all.

    Parameters
    ----------
    path : Path
        The file.
    rows : sequence of mapping
        ``step`` (steps done), ``learning_rate``, ``train_loss`` (mean since the row before), ``val_loss``
        (averaged weights), then ``train_<name>`` and ``val_<name>`` for every named loss, ``seconds`` (of
        training up to here, all sessions together) and ``waiting`` (share of the time since the row before
        that the loop waited for data, 0 to 1). Floats are written with nine significant digits.
    """
    named = dict.fromkeys(name for row in rows for name in row if name not in FIRST + LAST)
    text = io.StringIO()
    table = csv.DictWriter(text, [*FIRST, *named, *LAST], restval="nan", lineterminator="\n")
    table.writeheader()
    for row in rows:
        table.writerow({name: value if name == "step" else f"{value:.9g}" for name, value in row.items()})
    write_text(path, text.getvalue())
