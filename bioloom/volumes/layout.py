"""How the array of one pyramid level lies on disk: chunks, shards, codecs.

::

    2D   chunk 256 x 256, shard up to 2048 x 2048        one channel per chunk
    3D   chunk 64 x 64 x 64, shard up to 256 x 256 x 256

Images are not sharded: with zarr-python a random crop of one patch is read 1.2 to 1.6 times as fast from
plain chunks (4096 x 4096 uint16: 458 against 282 to 388 crops a second; 256 x 256 x 256 uint8: 284 against
202 to 208). What block jobs write is sharded, so that a large output does not become a million files. Every
chunk carries a checksum: a bit that flipped on disk is an error when read, not a wrong picture.
"""

from __future__ import annotations

from itertools import product
from math import ceil, prod
from pathlib import Path

import numpy as np
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec, ZstdCodec

from bioloom.geometry.box import Box

CHUNK_SIDE = {2: 256, 3: 64}
SHARD_SIDE = {2: 2048, 3: 256}
_SHARD_VOXELS = 256**3
THREADS = 2
"""Threads in which zarr reads, writes, packs and unpacks, unless its own settings say otherwise. Each keeps
memory of its own that grows with the work done: with zarr's default of a dozen, halving a float map of 168
million voxels took 165 MB and 5 s, with two 59 MB and 3 s."""

if zarr.config.get("threading.max_workers") is None:
    zarr.config.set({"threading.max_workers": THREADS, "async.concurrency": THREADS})


def chunk_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the chunk of an array ``(channel, *spatial)``: one channel, no larger than the array."""
    side = CHUNK_SIDE[len(shape) - 1]
    return (1, *(min(side, n) for n in shape[1:]))


def shard_shape(shape: tuple[int, ...], block: tuple[int, ...] | None = None) -> tuple[int, ...]:
    """Return the shard of an array ``(channel, *spatial)``: whole chunks, clamped to array and `block`.

    All channels share a shard as long as it stays below 256^3 voxels, for the writer holds a whole one.
    `block` is what one job writes, spatial, as `aligned_block` returns it.
    """
    limit = SHARD_SIDE[len(shape) - 1]
    chunk = chunk_shape(shape)
    spatial = tuple(
        min(ceil(n / c), ceil(b / c), max(1, limit // c)) * c
        for n, c, b in zip(shape[1:], chunk[1:], block or shape[1:], strict=True)
    )
    return (shape[0] if shape[0] * prod(spatial) <= _SHARD_VOXELS else 1, *spatial)


def aligned_block(block: tuple[int, ...]) -> tuple[int, ...]:
    """Return the smallest block, spatial, that is no smaller than `block` and can own whole shards.

    Up to the largest shard these are whole chunks, then whole largest shards.
    """
    ndim = len(block)
    units = (CHUNK_SIDE[ndim] if side <= SHARD_SIDE[ndim] else SHARD_SIDE[ndim] for side in block)
    return tuple(ceil(side / unit) * unit for side, unit in zip(block, units, strict=True))


def compressors(dtype: np.dtype) -> list[BloscCodec | Crc32cCodec | ZstdCodec]:
    """Return zstd for integers, blosc-lz4 with byte shuffle for floats, both with a checksum."""
    if dtype.kind == "f":
        return [BloscCodec(cname="lz4", clevel=5, shuffle="shuffle", typesize=dtype.itemsize), Crc32cCodec()]
    return [ZstdCodec(level=1, checksum=True)]


def create_level(
    store: Path,
    name: str,
    shape: tuple[int, ...],
    dtype: np.dtype,
    *,
    sharded: bool,
    block: tuple[int, ...] | None = None,
) -> zarr.Array:
    """Create the empty array of one pyramid level in the group at `store`; see `shard_shape` for `block`."""
    return zarr.create_array(
        str(store),
        name=name,
        shape=shape,
        dtype=dtype,
        chunks=chunk_shape(shape),
        shards=shard_shape(shape, block) if sharded else None,
        compressors=compressors(dtype),
        fill_value=0,
        dimension_names=("c", *"zyx"[-(len(shape) - 1) :]),
    )


def block_of(array: zarr.Array) -> tuple[int, ...]:
    """Return the shape of what one writer must own: a shard, or a chunk where there are no shards."""
    return tuple(array.shards or array.chunks)


def empty_shards(array: zarr.Array, folder: Path, box: Box) -> list[Path]:
    """Return the shard files of length zero that `box` touches.

    zarr reads such a file, which a full disk or a crash leaves behind, as if it were missing: as fill values.
    """
    if array.shards is None:
        return []
    files = (folder / key for key in _shard_keys(array, box))
    return [file for file in files if file.is_file() and not file.stat().st_size]


def shard_sizes(array: zarr.Array, folder: Path, box: Box) -> dict[str, int]:
    """Return the bytes of every shard (or chunk, without shards) of a level that `box` touches, by its key.

    What is all zeros has no file and 0 bytes.
    """
    files = {key: folder / key for key in _shard_keys(array, box)}
    return {key: file.stat().st_size if file.is_file() else 0 for key, file in files.items()}


def _shard_keys(array: zarr.Array, box: Box) -> list[str]:
    channel, *block = block_of(array)
    spans = [range(-(-array.shape[0] // channel))]
    spans += [range(a // b, -(-z // b)) for a, z, b in zip(box.start, box.stop, block, strict=True)]
    return [array.metadata.encode_chunk_key(key) for key in product(*spans)]
