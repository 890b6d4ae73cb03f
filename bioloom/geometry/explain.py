"""The arithmetic of a plan in words and numbers, for ``bioloom plan --explain``."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from bioloom.geometry.arithmetic import ITEM, Account, Demand, ImageAccount
from bioloom.geometry.grid import PatchGrid

COLUMNS = ("image", "voxels", "patches", "chunks", "blocks", "prediction", "labels")
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def explain(account: Account, grid: PatchGrid, chunk: tuple[int, ...], demand: Demand) -> str:
    """Return a table of the images, then what they have in common and what the pack amounts to.

    Parameters
    ----------
    account : Account
        What the plan amounts to.
    grid : PatchGrid
        The patches of one of the images; size and overlap are those of all.
    chunk : tuple of int
        Patches per chunk and axis.
    demand : Demand
        What the jobs have to do.
    """
    sums = account.sums.values()
    facts = [
        ("patches", f"{_sides(grid.size)} voxels, overlap {_sides(grid.overlap)}"),
        ("", _grid_text(grid)),
        ("chunks", f"up to {_product(chunk)} patches; each is a job of infer"),
        (
            "",
            f"sums of {demand.targets} targets x {ITEM} bytes: up to {readable(max(sums))} a chunk, "
            f"{readable(sum(sums))} in all",
        ),
        ("blocks", f"up to {_sides(account.block)} voxels, seen with a halo of {demand.halo}"),
        ("", _blocks_text(account, demand)),
        ("jobs", _jobs_text(account)),
        ("memory", _memory_text(account, demand)),
    ]
    rows = [COLUMNS, *map(_row, account.images)]
    return "\n".join([*_table(rows), "", *_table([(name, text) for name, text in facts])])


def readable(count: int) -> str:
    """Return a number of bytes with three digits, ``1.05 MB``; a MB is a million bytes, as in `mem_mb`."""
    value, unit = float(count), 0
    while value >= 999.5 and unit + 1 < len(UNITS):
        value, unit = value / 1000, unit + 1
    return f"{value:.3g} {UNITS[unit]}"


def _row(image: ImageAccount) -> tuple[str, ...]:
    return (
        image.image,
        _sides(image.shape),
        _product(image.patches),
        str(image.chunks),
        str(image.blocks),
        readable(image.prediction),
        readable(image.labels),
    )


def _grid_text(grid: PatchGrid) -> str:
    stride = tuple(side - shared for side, shared in zip(grid.size, grid.overlap, strict=True))
    beyond = f"; the outermost reach {_sides(grid.margin)} beyond the image" if any(grid.margin) else ""
    return f"one begins every {_sides(stride)} voxels, the last one is moved inward{beyond}"


def _blocks_text(account: Account, demand: Demand) -> str:
    """Return who works on the blocks."""
    blocks = sum(image.blocks for image in account.images)
    if "postprocess_block" not in account.jobs:
        return f"one job of stitch, one of postprocess with {demand.passes} passes"
    return (
        f"{blocks} jobs of stitch_block; {demand.passes} passes x {blocks} blocks = "
        f"{account.jobs['postprocess_block']} jobs of postprocess_block"
    )


def _jobs_text(account: Account) -> str:
    parts = ", ".join(f"{rule} {count}" for rule, count in account.jobs.items())
    return f"{sum(account.jobs.values())}: {parts}"


def _memory_text(account: Account, demand: Demand) -> str:
    parts = [f"{step} {readable(size)}" for step, size in account.memory.items()]
    if demand.network is None:
        parts[0] += " and the network"
    return f"an estimate, on a CPU: {', '.join(parts)}"


def _sides(sides: Sequence[int]) -> str:
    return " x ".join(map(str, sides))


def _product(counts: Sequence[int]) -> str:
    return f"{_sides(counts)} = {prod(counts)}"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
