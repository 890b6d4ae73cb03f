import gzip
import zlib
from struct import pack

import numpy as np
import pytest

from bioloom.volumes.formats.n5_blocks import COMPRESSIONS, read_block

VALUES = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)
DATA = VALUES.astype(">u2").tobytes()
RAW = {"type": "raw"}


def header(mode=0, *more):
    return pack(f">HH3I{len(more)}I", mode, 3, 4, 3, 2, *more)


@pytest.mark.parametrize(
    ("content", "compression"),
    [
        (header() + DATA, RAW),
        (header(1, 24) + DATA, RAW),
        (header() + gzip.compress(DATA), {"type": "gzip", "level": -1}),
        (header() + zlib.compress(DATA), {"type": "gzip", "useZlib": True}),
    ],
    ids=["default mode", "with the number of values", "gzip", "zlib"],
)
def test_the_axes_of_a_block_are_reversed(tmp_path, content, compression):
    (tmp_path / "0").write_bytes(content)
    np.testing.assert_array_equal(read_block(tmp_path / "0", np.dtype("uint16"), compression), VALUES)


@pytest.mark.parametrize("kind", COMPRESSIONS)
@pytest.mark.parametrize("content", [b"", header()[:6], header(2) + DATA, header() + DATA[:-1]])
def test_damage_is_told_with_the_file(tmp_path, kind, content):
    (tmp_path / "0").write_bytes(content)
    with pytest.raises(ValueError, match=f"^{tmp_path / '0'}: "):
        read_block(tmp_path / "0", np.dtype("uint16"), {"type": kind})
