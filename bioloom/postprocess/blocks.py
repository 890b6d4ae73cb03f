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

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.geometry.grid import tiles


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Layout:
    """All blocks of one image, in their fixed order.

    Raises
    ------
    ValueError
        If the cores do not add up to the image.
    """

    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        if not self.blocks or sum(block.core.size for block in self.blocks) != self.image.size:
            raise ValueError("the cores must cover the image, each voxel once")

    @classmethod
    def of(cls, shape: tuple[int, ...], cores: Iterable[tuple[str, Box]], halo: int) -> Layout:
        """Return the layout of named `cores` on an image of spatial `shape`, all with the same `halo`."""
        image, halos = Box.of(shape), (halo,) * len(shape)
        return cls(tuple(Block(name, core, halos, image) for name, core in cores))

    @classmethod
    def cut(cls, shape: tuple[int, ...], tile: tuple[int, ...], halo: int) -> Layout:
        """Cut an image into blocks of at most `tile` voxels, numbered in raster order."""
        return cls.of(shape, ((f"{n:05d}", core) for n, core in enumerate(tiles(shape, tile))), halo)

    @property
    def image(self) -> Box:
        """The whole image."""
        return self.blocks[0].image

    def block(self, name: str) -> Block:
        """Return the block called `name`."""
        return self.blocks[self._positions[name]]

    def touching(self, box: Box) -> list[int]:
        """Return the positions, ascending, of the blocks whose cores share a voxel with `box`."""
        starts, stops = self._corners
        meets = (starts < np.array(box.stop)) & (stops > np.array(box.start))
        return [int(position) for position in np.flatnonzero(meets.all(axis=1))]

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {block.id: position for position, block in enumerate(self.blocks)}

    @cached_property
    def _corners(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        cores = [block.core for block in self.blocks]
        return np.array([core.start for core in cores]), np.array([core.stop for core in cores])
