"""The blocks of an N5 array: a header, then compressed values in big-endian order.

::

    uint16 mode (0, or 1 with the number of values behind the sides), uint16 number of axes, uint32 side, ...

Source: https://github.com/saalfeldlab/n5 (file-system specification); the frames of ``lz4`` are those of
https://github.com/lz4/lz4-java (LZ4BlockOutputStream).
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from math import prod
from pathlib import Path
from struct import Struct, pack, unpack_from
from typing import Any

import numpy as np
from numcodecs import blosc, lz4, zstd

from bioloom.volumes.formats.blosc_header import BLOSC_HEADER, check_blosc

COMPRESSIONS = ("raw", "gzip", "bzip2", "xz", "lz4", "blosc", "zstd")
_LZ4 = Struct("<8sBiii")
_LZ4_RAW = 0x10


def read_block(file: Path, dtype: np.dtype, compression: dict[str, Any]) -> np.ndarray:
    """Return the values of a block, its axes reversed: the last varies fastest.

    Parameters
    ----------
    file : Path
        The block.
    dtype : numpy.dtype
        Type of the values.
    compression : dict
        What the attributes of the array say, ``type`` is one of `COMPRESSIONS`.

    Raises
    ------
    ValueError
        If the block is damaged, with its name.
    """
    content = file.read_bytes()
    try:
        mode, ndim = unpack_from(">HH", content)
        if mode not in (0, 1):
            raise ValueError(f"blocks of mode {mode} hold no numbers")
        shape = unpack_from(f">{ndim}I", content, 4)[::-1]
        data = _decoded(content[4 + 4 * ndim + 4 * mode :], compression)
        if len(data) < prod(shape) * dtype.itemsize:
            raise ValueError(f"{len(data)} bytes for {' x '.join(map(str, shape))} values of type {dtype}")
        return np.frombuffer(data, dtype.newbyteorder(">"), prod(shape)).reshape(shape)
    except Exception as error:  # the decoders raise whatever they like
        raise ValueError(f"{file}: {error}") from error


def _decoded(data: bytes, compression: dict[str, Any]) -> bytes:
    kind = compression["type"]
    if kind == "gzip":
        return zlib.decompress(data) if compression.get("useZlib") else gzip.decompress(data)
    if kind == "lz4":
        return _lz4(data)
    if kind == "blosc":
        check_blosc(data[:BLOSC_HEADER], len(data))
    others = {
        "bzip2": bz2.decompress,
        "xz": lzma.decompress,
        "blosc": blosc.decompress,
        "zstd": zstd.decompress,
    }
    return bytes(others[kind](data)) if kind in others else data


def _lz4(data: bytes) -> bytes:
    found, position = [], 0
    while position < len(data):
        magic, token, packed, size, _ = _LZ4.unpack_from(data, position)
        position += _LZ4.size
        if magic != b"LZ4Block":
            raise ValueError("no frame of lz4")
        if not size:
            break
        part = data[position : position + packed]
        # numcodecs wants the size in front of the block.
        found.append(part if token & 0xF0 == _LZ4_RAW else lz4.decompress(pack("<I", size) + part))
        position += packed
    return b"".join(found)
