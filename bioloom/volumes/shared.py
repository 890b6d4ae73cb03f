"""A store that many jobs fill together, each its own whole shards.

::

    folder/  5d41402abc4b2a76/  it grows here, until it is complete and moves to its place

Every store has a name that was never used before, and every job notes where it wrote and what lies there
(`Mark`). So a job left over from an earlier attempt writes beside the store that counts, and a store that was
made anew after some jobs had filled it is noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TypedDict

import numpy as np

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.volumes.atomic import remove, replace
from bioloom.volumes.layout import shard_sizes
from bioloom.volumes.pyramid import write_pyramid
from bioloom.volumes.store import Volume, open_volume

_BYTES = 8


class Mark(TypedDict):
    """What a job leaves behind: the name of the store, and the bytes of each of its shards (0: all zeros)."""

    store: str
    shards: dict[str, int]


@dataclass(frozen=True)
class SharedStore:
    """The store of one image while many jobs fill it.

    Parameters
    ----------
    folder : Path
        What the jobs share.
    name : str
        The name of the store.
    """

    folder: Path
    name: str

    @property
    def path(self) -> Path:
        """Where the store grows."""
        return self.folder / self.name

    @classmethod
    def create(cls, folder: Path, make: Callable[[Path], Volume]) -> SharedStore:
        """Let `make` create an empty store at a path under a new name."""
        store = cls(folder, token_hex(_BYTES))
        make(store.path)
        return store

    def fill(self, core: Box, make: Callable[[Box], np.ndarray]) -> Mark:
        """Write a block, shard by shard, and return what now lies there.

        Parameters
        ----------
        core : Box
            The block, whole shards.
        make : callable
            Returns the values of a box, ``(channel, *box.shape)``. Memory holds one shard, however large the
            block is.
        """
        volume = open_volume(self.path)
        for box in volume.shards(core):
            volume.write(box, make(box))
        return Mark(store=self.name, shards=shard_sizes(volume.array, self.path / "0", core))

    def complete(self, marks: Iterable[Mark], output: Path) -> None:
        """Write the pyramid of a store that all jobs filled, and move it to `output`.

        A job that was killed after the move finds its store there.

        Raises
        ------
        BioLoomError
            If a job wrote to another store, or what it wrote is gone.
        """
        moved = not (self.path / "zarr.json").is_file()
        where = output if moved else self.path
        for mark in marks:
            sizes = {key: _size(where / "0" / key) for key in mark["shards"]}
            if mark["store"] != self.name or sizes != mark["shards"]:
                raise BioLoomError(
                    f"{where} lacks what some of its jobs wrote",
                    fix=f"delete the folder {self.folder} and run the same command again",
                )
        if not moved:
            write_pyramid(open_volume(where))
            replace(where, output)
        for left in self.folder.glob("[0-9a-f]" * 2 * _BYTES):  # of earlier attempts
            remove(left)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
