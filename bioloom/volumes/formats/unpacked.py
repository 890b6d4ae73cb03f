"""Compressed files that can only be read from their beginning: unpacked once, to disk."""

from __future__ import annotations

import shutil
import tempfile
from typing import IO

_PIECE = 1 << 20


def unpack_file(stream: IO[bytes]) -> IO[bytes]:
    """Return a temporary file with everything that `stream` gives.

    The file has no name: it vanishes when it is closed or the process ends, in whatever way. It lies in the
    folder for temporary files (``TMPDIR``), which must have room for it; memory does not grow.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the image that is read from it
    try:
        shutil.copyfileobj(stream, file, _PIECE)
        file.flush()
    except BaseException:
        file.close()
        raise
    return file
