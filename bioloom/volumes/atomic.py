"""Files and folders that appear whole or not at all.

Everything is first written under a temporary name in the same folder,
``.tmp-<host>-<pid>-<random>-<name>``, and renamed over its final name when complete. A killed process
leaves such a name behind; the next process on the same host that writes into the folder removes it. Names
of living processes are left alone, so that an orphan of an earlier attempt does no harm.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex
from socket import gethostname

PREFIX = ".tmp-"
_OCCUPIED = {errno.ENOTEMPTY, errno.EEXIST, errno.EISDIR, errno.ENOTDIR}
_ATTEMPTS = 10


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary sibling of `path`, to be made a file or a folder, that replaces `path` on success.

    The temporary name ends in the name of `path`, so that writers which look at the suffix work. It is
    removed when the body raises; the parent folder is made if it is missing.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent.resolve(), os.getpid())
    temporary = _temporary_name(path)
    try:
        yield temporary
        if not (path.is_dir() and temporary.is_dir() and exchange(temporary, path)):
            replace(temporary, path)
    except Exception as error:
        _name(error, temporary, path)
        raise
    finally:
        remove(temporary)


def _name(error: BaseException | None, temporary: Path, path: Path) -> None:
    """Let errors of the disk speak of `path`: a temporary name, or none at all, says little to a user."""
    while error is not None:
        if isinstance(error, OSError) and error.errno is not None:
            told = error.filename or temporary
            error.filename = str(path) if str(told).startswith(str(temporary)) else told
            error.filename2 = None
        error = error.__cause__ or error.__context__


def write_text(path: Path | str, text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically and with plain line feeds."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def remove(path: Path) -> None:
    """Remove a file or a folder, or nothing if there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def replace(temporary: Path, path: Path) -> None:
    """Move a complete file or folder over `path` on the same file system, whatever lies there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside: list[Path] = []
    for attempt in range(_ATTEMPTS):
        try:
            os.replace(temporary, path)
        except OSError as error:
            # A folder cannot be renamed over a full one: move the old one aside, and remove it when the new
            # one is there. Another writer may put its own in the gap, hence the loop.
            if error.errno not in _OCCUPIED or attempt == _ATTEMPTS - 1:
                raise
            aside.append(_temporary_name(path))
            with suppress(FileNotFoundError):
                os.replace(path, aside[-1])
        else:
            break
    for old in aside:
        remove(old)


def exchange(first: Path, second: Path) -> bool:
    """Swap the names of two files or folders at one stroke; return False where that cannot be done.

    Linux can on most local file systems, NFS cannot (``renameat2(2)``, ``RENAME_EXCHANGE``).
    """
    import ctypes

    try:
        call = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError):
        return False
    here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return call(here, os.fsencode(first), here, os.fsencode(second), swap) == 0


def _host() -> str:
    return blake2b(gethostname().encode(), digest_size=4).hexdigest()


def _temporary_name(path: Path) -> Path:
    return path.with_name(f"{PREFIX}{_host()}-{os.getpid()}-{token_hex(4)}-{path.name}")


@cache
def _sweep(folder: Path, pid: int) -> None:
    """Remove what dead processes of this host left in `folder`; once per process, hence `pid`."""
    for entry in os.scandir(folder):
        ours = entry.name.startswith(f"{PREFIX}{_host()}-")
        owner = entry.name.removeprefix(f"{PREFIX}{_host()}-").split("-")[0]
        if ours and owner.isdigit() and int(owner) != pid and not _alive(int(owner)):
            remove(Path(entry.path))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
