"""The canonical store: one image as an OME-Zarr 0.5 pyramid whose axes are c,(z),y,x in micrometres.

::

    tile.zarr/  zarr.json     attributes: "ome" (NGFF) and "bioloom" (facts of ours)
                0/ 1/ ...     levels, each an array (channel, *spatial); level 0 is the data

Several processes may write one store at a time if each owns whole shards: `Volume.block_shape` says how
large they are, `Volume.write` refuses other boxes. A chunk of zeros is not stored, so a missing file marks
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any, Literal

import numpy as np
import zarr

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.geometry.grid import tiles
from bioloom.volumes import layout, metadata
from bioloom.volumes.atomic import atomic_path
from bioloom.volumes.manifest import Entry, digest_folder

Kind = Literal["image", "labels", "prediction"]


class Volume:
    """One level of an open store, made by `open_volume` or `create_volume` inside the process that uses it.

    Parameters
    ----------
    path : Path
        The store.
    array : zarr.Array
        Its level, ``(channel, *spatial)``.
    attributes : dict
        The attributes of the store.
    level : int
        Which level `array` is.

    Attributes
    ----------
    path : Path
        The store.
    shape : tuple of int
        ``(channel, *spatial)``.
    spatial : tuple of int
        ``(y, x)`` or ``(z, y, x)``, voxels.
    channels, ndim : int
        The number of channels and of spatial axes (2 or 3).
    dtype : numpy.dtype
        The dtype of the voxels.
    spacing, spacing_known : tuple of float, bool
        Voxel size, micrometres, spatial order; taken for 1 um where nobody says it.
    channel_names : tuple of str
        Names of the channels; empty for labels.
    labels : bool
        Whether the voxels are labels.
    facts : dict
        Facts of ours, JSON.
    """

    def __init__(self, path: Path, array: zarr.Array, attributes: dict[str, Any], level: int = 0) -> None:
        self.path = path
        self.array = array
        self.level = level
        self.shape: tuple[int, ...] = tuple(array.shape)
        self.dtype = np.dtype(array.dtype)
        self.spacing = metadata.scales_of(attributes)[level]
        self.channel_names = metadata.channel_names_of(attributes)
        self.labels = metadata.is_labels(attributes)
        self.facts: dict[str, Any] = attributes.get(metadata.OWN, {})
        self.spacing_known = not metadata.calibration_of(self.facts)

    @property
    def channels(self) -> int:
        """The number of channels."""
        return self.shape[0]

    @property
    def spatial(self) -> tuple[int, ...]:
        """The spatial shape in voxels."""
        return self.shape[1:]

    @property
    def ndim(self) -> int:
        """The number of spatial axes."""
        return len(self.shape) - 1

    def block_shape(self) -> tuple[int, ...]:
        """Return the spatial shape of what one writer must own: a shard, or a chunk without shards."""
        return layout.block_of(self.array)[1:]

    def read(self, box: Box | None = None, channels: slice = slice(None)) -> np.ndarray:
        """Return the voxels of `box`, or all of them.

        Parameters
        ----------
        box : Box, optional
            Must lie inside the volume.
        channels : slice, optional
            Which channels, if not all.

        Returns
        -------
        numpy.ndarray
            ``(channel, *box.shape)``.

        Raises
        ------
        BioLoomError
            If a chunk is truncated or damaged.
        """
        box = Box.of(self.spatial) if box is None else box
        if not Box.of(self.spatial).contains(box):
            raise ValueError(f"{box} sticks out of {self.path} with shape {self.spatial}")
        if layout.empty_shards(self.array, self.path / str(self.level), box):
            raise self._damaged(box, "an empty shard")
        try:
            return np.asarray(self.array[(channels, *box.slices)])
        except MemoryError:
            raise
        except Exception as error:  # the codecs and the store raise whatever they like
            raise self._damaged(box, str(error)) from error

    def read_reflected(self, box: Box) -> np.ndarray:
        """Return the voxels of a `box` that may stick out of the volume: there the volume is mirrored.

        The mirror stands on the centre of the border voxel (``numpy.pad`` mode "reflect") and is repeated
        as often as needed; an axis of length 1 repeats its voxel. The result is ``(channel, *box.shape)``.
        """
        if box.empty or Box.of(self.spatial).contains(box):
            return self.read(box) if not box.empty else np.zeros((self.channels, *box.shape), self.dtype)
        index = [_reflect(*span) for span in zip(box.start, box.stop, self.spatial, strict=True)]
        hull = Box(tuple(int(i.min()) for i in index), tuple(int(i.max()) + 1 for i in index))
        values = self.read(hull)
        for axis, (positions, start) in enumerate(zip(index, hull.start, strict=True), start=1):
            values = values.take(positions - start, axis=axis)
        return values

    def write(self, box: Box, values: np.ndarray) -> None:
        """Write `values`, ``(channel, *box.shape)``, to a `box` that owns whole blocks (see `block_shape`).

        Raises
        ------
        ValueError
            If the box cuts a block, the shapes differ, or the dtype of `values` may not fit.
        """
        blocks = zip(box.start, box.stop, self.block_shape(), self.spatial, strict=True)
        if not all(a % b == 0 and (z % b == 0 or z == n) and z <= n for a, z, b, n in blocks):
            raise ValueError(f"{box} cuts the blocks {self.block_shape()} of {self.path} ({self.spatial})")
        if values.shape != (self.channels, *box.shape):
            raise ValueError(
                f"values of shape {values.shape} for {(self.channels, *box.shape)} in {self.path}"
            )
        floats = values.dtype.kind == self.dtype.kind == "f"
        if not floats and not np.can_cast(values.dtype, self.dtype, "safe"):
            raise ValueError(f"values of dtype {values.dtype} may not fit into {self.dtype} of {self.path}")
        if not box.empty:
            self.array[(slice(None), *box.slices)] = values.astype(self.dtype, copy=False)

    def shards(self, box: Box) -> Iterator[Box]:
        """Yield the parts of a box that one writer must own each (see `block_shape`)."""
        yield from (part.shift(box.start) for part in tiles(box.shape, self.block_shape()))

    def update_facts(self, **facts: Any) -> None:
        """Add `facts` (JSON) to those of the store; intensities among them also set the display windows."""
        self.facts = {**self.facts, **facts}
        scales = metadata.scales_of(metadata.read_attributes(self.path))
        self.write_attributes(scales)

    def write_attributes(self, scales: list[tuple[float, ...]]) -> None:
        """Write the attributes of the store anew, for levels of these voxel sizes (atomically)."""
        group = zarr.open_group(str(self.path), mode="r+", zarr_format=3)
        found = metadata.attributes(
            scales,
            labels=self.labels,
            dtype=self.dtype,
            channel_names=self.channel_names,
            facts=self.facts,
        )
        group.attrs.put(found)

    def entry(self, image: str | None = None) -> Entry:
        """Return the line of the manifest for this store, to be asked for when the store is complete."""
        name = image if image is not None else self.path.name.removesuffix(".zarr")
        return Entry(name, self.path, self.shape, str(self.dtype), digest_folder(self.path))

    def _damaged(self, box: Box, reason: str) -> BioLoomError:
        where = "x".join(f"{a}:{b}" for a, b in zip(box.start, box.stop, strict=True))
        return BioLoomError(
            f"the store {self.path} is damaged near {where} ({reason})",
            fix="delete it and run the same command again; it is then made anew",
        )


def create_volume(
    path: Path | str,
    shape: Sequence[int],
    dtype: np.dtype | type | str,
    *,
    spacing: Sequence[float],
    kind: Kind,
    channel_names: Sequence[str] = (),
    facts: dict[str, Any] | None = None,
    overwrite: bool = True,
    sharded: bool | None = None,
    block: tuple[int, ...] | None = None,
) -> Volume:
    """Create an empty store (all zeros), atomically, and return its level 0.

    Parameters
    ----------
    path : Path or str
        The store to make.
    shape : sequence of int
        ``(channel, *spatial)``, every side at least 1.
    dtype : numpy.dtype or alike
        An integer or float dtype.
    spacing : sequence of float
        Voxel size, micrometres, spatial order, positive.
    kind : {"image", "labels", "prediction"}
        Labels are sampled, not averaged, in the pyramid; labels and predictions are sharded.
    channel_names : sequence of str, optional
        One per channel; ``channel-0``, ``channel-1``... by default. Labels have none.
    facts : dict, optional
        Facts of ours, JSON.
    overwrite : bool, default True
        Whether a store that exists already is replaced.
    sharded : bool, optional
        Whether chunks are kept in shards, if not as `kind` says.
    block : tuple of int, optional
        What one job writes, as `bioloom.volumes.layout.aligned_block` returns it; shards are no larger.

    Raises
    ------
    FileExistsError
        If the store exists and is not to be overwritten.
    """
    path, shape, dtype = Path(path), tuple(int(n) for n in shape), np.dtype(dtype)
    spacing = tuple(float(s) for s in spacing)
    names = () if kind == "labels" else tuple(channel_names) or tuple(f"channel-{i}" for i in range(shape[0]))
    if len(shape) not in (3, 4) or prod(shape) < 1 or len(spacing) != len(shape) - 1 or min(spacing) <= 0:
        raise ValueError(f"no store has shape {shape} and spacing {spacing}")
    if dtype.kind not in "iuf" or (names and len(names) != shape[0]):
        raise ValueError(f"no store has dtype {dtype}, channels {names} and shape {shape}")
    if path.exists() and not overwrite:
        raise FileExistsError(path)
    found = metadata.attributes(
        [spacing],
        labels=kind == "labels",
        dtype=dtype,
        channel_names=names,
        facts=facts or {},
    )
    with atomic_path(path) as temporary:
        zarr.create_group(str(temporary), attributes=found, zarr_format=3)
        layout.create_level(
            temporary,
            "0",
            shape,
            dtype,
            sharded=kind != "image" if sharded is None else sharded,
            block=block,
        )
    return Volume(path, zarr.open_array(str(path / "0"), mode="r+"), found)


def open_volume(path: Path | str, level: int = 0) -> Volume:
    """Open a store for reading and writing of `level` (0 is the data, higher ones are coarser).

    Raises
    ------
    BioLoomError
        If the store is missing, damaged or foreign, or has no such level.
    """
    path = Path(path)
    found = metadata.read_attributes(path)
    try:
        array = zarr.open_array(str(path / str(level)), mode="r+", zarr_format=3)
        return Volume(path, array, found, level)
    except Exception as error:  # zarr raises many kinds for metadata that it cannot read
        raise BioLoomError(
            f"level {level} of the store {path} is missing or damaged ({error})",
            fix="delete the store and run the same command again; it is then made anew",
        ) from error


def _reflect(start: int, stop: int, side: int) -> np.ndarray:
    """Return where the positions ``start <= x < stop`` fall on a mirrored axis of `side` voxels."""
    period = max(1, 2 * (side - 1))
    folded = np.arange(start, stop) % period
    return np.minimum(folded, period - folded) if side > 1 else np.zeros_like(folded)
