"""What blosc says about a compressed chunk: its decoder does not notice that one is cut off.

Source: https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst.
"""

from __future__ import annotations

from struct import unpack_from

BLOSC_HEADER = 16
"""Bytes of the header."""


def check_blosc(header: bytes, size: int) -> None:
    """Raise ValueError if a chunk of `size` bytes is shorter than its `header` says."""
    if size < BLOSC_HEADER:
        raise ValueError(f"{size} bytes are no chunk of blosc")
    announced = unpack_from("<I", header, 12)[0]
    if announced > size:
        raise ValueError(f"{announced} bytes are announced, {size} are there")
