import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bioloom.volumes import atomic
from bioloom.volumes.atomic import PREFIX, atomic_path, exchange, write_text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole(tmp_path):
    target = tmp_path / "new" / "table.csv"
    with atomic_path(target) as temporary:
        temporary.write_text("half")
        assert not target.exists()
        assert temporary.parent == target.parent
        assert temporary.name.endswith("table.csv")
    assert target.read_text() == "half"
    assert names(target.parent) == ["table.csv"]


def test_a_folder_replaces_a_full_one(tmp_path):
    target = tmp_path / "a.zarr"
    for content in ("first", "second"):
        with atomic_path(target) as temporary:
            temporary.mkdir()
            (temporary / content).write_text(content)
    assert names(target) == ["second"]
    assert names(tmp_path) == ["a.zarr"]


def test_names_are_swapped_at_one_stroke_or_not_at_all(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"was {name}").touch()
    swapped = exchange(tmp_path / "a", tmp_path / "b")
    assert names(tmp_path / "a") == ["was b" if swapped else "was a"]
    assert names(tmp_path / "b") == ["was a" if swapped else "was b"]
    assert not exchange(tmp_path / "a", tmp_path / "c")
    assert names(tmp_path) == ["a", "b"]


@pytest.mark.parametrize("swaps", [True, False], ids=["exchanged", "moved aside"])
def test_the_old_folder_goes_when_the_new_one_is_there(tmp_path, monkeypatch, swaps):
    target = tmp_path / "a.zarr"
    target.mkdir()
    (target / "old").touch()
    removed, remove = [], atomic.remove

    def watch(path):
        if path.exists():
            removed.append((names(path), names(target)))
        remove(path)

    monkeypatch.setattr(atomic, "remove", watch)
    if not swaps:
        monkeypatch.setattr(atomic, "exchange", lambda *_: False)
    with atomic_path(target) as temporary:
        temporary.mkdir()
        (temporary / "new").touch()
    assert removed == [(["old"], ["new"])]
    assert names(tmp_path) == ["a.zarr"]


@pytest.mark.parametrize("first", ["file", "folder"])
def test_a_file_and_a_folder_replace_each_other(tmp_path, first):
    target = tmp_path / "thing"
    for kind in (first, "folder" if first == "file" else "file"):
        with atomic_path(target) as temporary:
            if kind == "file":
                temporary.write_text("x")
            else:
                (temporary / "inner").mkdir(parents=True)
    assert target.is_file() == (first == "folder")
    assert names(tmp_path) == ["thing"]


def test_an_error_leaves_the_old_one_and_nothing_else(tmp_path):
    target = tmp_path / "a.zarr"
    target.mkdir()
    (target / "old").touch()

    def fail():
        with atomic_path(target) as temporary:
            temporary.mkdir()
            (temporary / "new").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert names(tmp_path) == ["a.zarr"]
    assert names(target) == ["old"]


def test_forgetting_to_write_is_a_mistake(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a"):
        pass


def test_leftovers_of_dead_processes_are_swept_and_those_of_living_ones_kept(tmp_path):
    code = (
        "import os, sys; from bioloom.volumes.atomic import atomic_path\n"
        "with atomic_path(sys.argv[1]) as temporary:\n"
        "    temporary.mkdir(); (temporary / 'part').touch(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "b.zarr")], check=False)
    (dead,) = names(tmp_path)
    living = dead.replace(dead.split("-")[2], str(os.getppid()), 1)
    elsewhere = dead.replace(dead.split("-")[1], "00000000", 1)
    (tmp_path / living).mkdir()
    (tmp_path / elsewhere).mkdir()
    write_text(tmp_path / "c.txt", "x")
    assert dead.startswith(PREFIX)
    assert names(tmp_path) == sorted([living, elsewhere, "c.txt"])


def test_text_is_utf8_with_plain_line_feeds(tmp_path):
    write_text(tmp_path / "a.txt", "µm\nx\n")
    assert (tmp_path / "a.txt").read_bytes() == "µm\nx\n".encode()


def test_trouble_of_the_disk_is_told_with_the_final_name(tmp_path):
    """Writing to a full disk names no file, opening and renaming name the temporary one."""
    target = tmp_path / "table.csv"
    for named in (None, "temporary", "other.csv"):

        def write(named=named):
            with atomic_path(target) as temporary:
                name = str(temporary) if named == "temporary" else named
                try:
                    raise OSError(errno.ENOSPC, "No space left on device", *([name] if name else []))
                except OSError as cause:
                    raise RuntimeError("unexpected pos") from cause

        with pytest.raises(RuntimeError) as error:
            write()
        assert error.value.__cause__.filename == ("other.csv" if named == "other.csv" else str(target))
    assert names(tmp_path) == []
