"""The tables of chunks and blocks of a pack: ``chunks/{pack}.csv`` and ``blocks/{pack}.csv``.

They are read while the workflow is parsed, so nothing heavy is imported here. Positions are written as
``12x0x64``, one number per spatial axis.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from math import prod
from operator import le, sub
from pathlib import Path

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.geometry.grid import BlockRow, ChunkRow
from bioloom.volumes.atomic import write_text

CHUNK_COLUMNS = ("chunk", "image", "patch_start", "patch_stop", "start", "stop")
BLOCK_COLUMNS = ("block", "image", "start", "stop")
_CORNER = re.compile(r"\d+(x\d+){1,2}")


def write_chunks(path: Path, rows: Iterable[ChunkRow]) -> None:
    """Write the chunks of a pack."""
    _write(path, CHUNK_COLUMNS, [(r.chunk, r.image, *_corners(r.patches), *_corners(r.box)) for r in rows])


def read_chunks(path: Path) -> list[ChunkRow]:
    """Read the chunks of a pack."""
    return [
        ChunkRow(r["chunk"], r["image"], _box(r["patch_start"], r["patch_stop"]), _box(r["start"], r["stop"]))
        for r in _read(path, CHUNK_COLUMNS)
    ]


def rows_of_chunk(path: Path, chunk: str) -> list[ChunkRow]:
    """Read the rows of one chunk.

    Raises
    ------
    BioLoomError
        If the table has no such chunk.
    """
    rows = read_chunks(path)
    chosen = [row for row in rows if row.chunk == chunk]
    if not chosen:
        allowed = f"{rows[0].chunk} to {rows[-1].chunk}" if rows else "none, the table is empty"
        raise BioLoomError(f"{path} has no chunk '{chunk}'", allowed=allowed)
    return chosen


def write_blocks(path: Path, rows: Iterable[BlockRow]) -> None:
    """Write the blocks of a pack."""
    _write(path, BLOCK_COLUMNS, [(r.block, r.image, *_corners(r.core)) for r in rows])


def read_blocks(path: Path) -> list[BlockRow]:
    """Read the blocks of a pack."""
    return [BlockRow(r["block"], r["image"], _box(r["start"], r["stop"])) for r in _read(path, BLOCK_COLUMNS)]


def rows_of_image(rows: Sequence[BlockRow], image: str, shape: tuple[int, ...]) -> list[BlockRow]:
    """Return the blocks of one image of spatial `shape`.

    Raises
    ------
    BioLoomError
        If they do not cover it: they were planned for another image.
    """
    own, whole = [row for row in rows if row.image == image], Box.of(shape)
    # plain numbers: every job of a large image checks all its blocks
    inside = all(len(row.core.stop) == len(shape) and all(map(le, row.core.stop, shape)) for row in own)
    if not inside or sum(prod(map(sub, row.core.stop, row.core.start)) for row in own) != whole.size:
        raise BioLoomError(
            f"the blocks of image '{image}' do not cover its {' x '.join(map(str, whole.shape))} voxels",
            fix="run `bioloom plan` again for this pack",
        )
    return own


def row_of_block(rows: Sequence[BlockRow], block: str) -> BlockRow:
    """Return the row of one block.

    Raises
    ------
    BioLoomError
        If there is no such block.
    """
    for row in rows:
        if row.block == block:
            return row
    raise BioLoomError(f"there is no block '{block}'", allowed=f"{rows[0].block} to {rows[-1].block}")


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def _read(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    if not path.is_file():
        raise BioLoomError(f"there is no table {path}", fix="run `bioloom plan`, which writes it")
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = list(csv.reader(file))
    if not rows or tuple(rows[0]) != columns:
        raise _damaged(path, f"the columns are {','.join(rows[0]) if rows else 'missing'}", columns)
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(columns) or not all(_CORNER.fullmatch(text) for text in row[2:]):
            raise _damaged(path, f"line {line} is {','.join(row)!r}", columns)
    return [dict(zip(columns, row, strict=True)) for row in rows[1:]]


def _damaged(path: Path, got: str, columns: Sequence[str]) -> BioLoomError:
    fix = "delete the file; the next run makes it again"
    return BioLoomError(f"{path}: {got}", allowed=",".join(columns), fix=fix)


def _corners(box: Box) -> tuple[str, str]:
    return "x".join(map(str, box.start)), "x".join(map(str, box.stop))


def _box(start: str, stop: str) -> Box:
    return Box(tuple(map(int, start.split("x"))), tuple(map(int, stop.split("x"))))
