"""Whether a table of chunks was made for the patches at hand."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.geometry.grid import ChunkRow, PatchGrid


def check_chunks(image: str, grid: PatchGrid, rows: Sequence[ChunkRow], *, complete: bool = False) -> None:
    """Raise if chunks of an image were planned for another grid of patches.

    Added up, they would give a picture that is wrong, or empty where patches are missing.

    Parameters
    ----------
    image : str
        Image id, for the message.
    grid : PatchGrid
        The patches of the image.
    rows : sequence of ChunkRow
        Chunks of the image.
    complete : bool, default False
        Whether `rows` must hold every patch.

    Raises
    ------
    BioLoomError
        If a patch is missing or lies elsewhere.
    """
    whole = Box.of(grid.counts)
    fitting = all(
        row.patches.ndim == whole.ndim and whole.contains(row.patches) and row.box == grid.extent(row.patches)
        for row in rows
    )
    missing = complete and sum(row.patches.size for row in rows) != prod(grid.counts)
    if missing or not fitting:
        raise BioLoomError(
            f"the chunks of image '{image}' were planned for other patches",
            allowed=f"{prod(grid.counts)} patches of {' x '.join(map(str, grid.size))} voxels",
            fix="run `bioloom plan` with these options, then predict again",
        )
