import numpy as np
import pytest
from numcodecs import blosc

from bioloom.volumes.formats.blosc_header import BLOSC_HEADER, check_blosc


@pytest.mark.parametrize("compressor", [b"lz4", b"zstd", b"blosclz"])
def test_chunks_that_are_cut(compressor):
    chunk = blosc.compress(np.arange(999).tobytes(), compressor, 5)
    check_blosc(chunk[:BLOSC_HEADER], len(chunk))
    for size in (0, 5, 16, len(chunk) - 1):
        with pytest.raises(ValueError, match="bytes"):
            check_blosc(chunk[: min(size, BLOSC_HEADER)], size)
