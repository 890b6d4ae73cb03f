"""The blocks of one image: disjoint cores that cover it, each seen with a halo around it.

::

    +-----------+-----------+-----------+
    |           |           |           |       # the core of block 4
    |   0    +--|-----------|--+   2    |       + the window: core and halo, clipped to the image
    |        |  |     1     |  |        |
    +--------|--+===========+--|--------+
    |   3    |  |#### 4 ####|  |   5    |
    |        +--|-----------|--+        |
    +-----------+-----------+-----------+
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.geometry.grid import tiles


@dataclass(frozen=True, slots=True)
class Block:
    """One unit of post-processing.

    Parameters
    ----------
    id : str
        Its name in file names, unique in the image.
    core : Box
        The voxels that belong to this block and to no other.
    halo : tuple of int
        Voxels that are looked at beyond the core, per axis, to begin with.
    image : Box
        The whole image.
    """

    id: str
    core: Box
    halo: tuple[int, ...]
    image: Box

    @property
    def window(self) -> Box:
        """The core with its halo, as far as the image goes."""
        return self.core.grow(self.halo).clip(self.image)


class Layout(Sequence[Block]):
    """All blocks of one image, in their fixed order.

    A large image has many, and every job knows them all: their corners are kept as numbers, not as objects.

    Parameters
    ----------
    shape : tuple of int
        Spatial shape of the image.
    cores : iterable of (str, Box)
        Name and core of every block.
    halo : int
        The halo of all blocks.

    Raises
    ------
    ValueError
        If the cores do not add up to the image.
    """

    def __init__(self, shape: tuple[int, ...], cores: Iterable[tuple[str, Box]], halo: int) -> None:
        self.image = Box.of(shape)
        self._halo = (halo,) * len(shape)
        self._names: list[str] = []
        corners = array("q")
        for name, core in cores:
            self._names.append(name)
            corners.extend((*core.start, *core.stop))
        self._starts, self._stops = np.array(corners, np.int64).reshape(-1, 2, len(shape)).transpose(1, 0, 2)
        if not self._names or np.prod(self._stops - self._starts, axis=1).sum() != self.image.size:
            raise ValueError("the cores must cover the image, each voxel once")

    @classmethod
    def cut(cls, shape: tuple[int, ...], tile: tuple[int, ...], halo: int) -> Layout:
        """Cut an image into blocks of at most `tile` voxels, numbered in raster order."""
        return cls(shape, ((f"{n:05d}", core) for n, core in enumerate(tiles(shape, tile))), halo)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, position: int) -> Block:  # type: ignore[override]
        """Return the block at a position."""
        if not -len(self) <= position < len(self):
            raise IndexError(position)
        core = Box(tuple(self._starts[position].tolist()), tuple(self._stops[position].tolist()))
        return Block(self._names[position], core, self._halo, self.image)

    @property
    def blocks(self) -> Sequence[Block]:
        """The blocks, each made when it is asked for."""
        return self

    def block(self, name: str) -> Block:
        """Return the block called `name`.

        Raises
        ------
        BioLoomError
            If there is none.
        """
        if name not in self._names:
            allowed = f"{self._names[0]} to {self._names[-1]}"
            raise BioLoomError(f"there is no block '{name}'", allowed=allowed)
        return self[self._names.index(name)]

    def touching(self, box: Box) -> list[int]:
        """Return the positions, ascending, of the blocks whose cores share a voxel with `box`."""
        meets = (self._starts < np.array(box.stop)) & (self._stops > np.array(box.start))
        return [int(position) for position in np.flatnonzero(meets.all(axis=1))]
