"""What holds for every step: its help, its files, and what it says when they are not as they should be."""

import contextlib
import errno
import os
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from products import WRITES

from bioloom.cli import STEPS, main_group

READS_STORES = {
    "measure": "labels/test_d.zarr",
    "train": "images/train_a.zarr",
    "infer": "images/test_d.zarr",
    "fit": "predictions/test_d.zarr",
    "postprocess": "predictions/test_d.zarr",
    "evaluate": "outputs/test_d.zarr",
    "export": "outputs/test_d.zarr",
}
"""A store that each step reads the voxels of."""


def flags(kind):
    """Return (step, flag) for every flag whose help begins with `kind`."""
    context = click.Context(main_group)
    found = []
    for name in STEPS:
        command = main_group.get_command(context, name)
        options = [o for o in command.params if isinstance(o, click.Option) and o.help]
        found += [(name, option.opts[0][2:]) for option in options if option.help.startswith(kind)]
    return found


def test_the_tables_here_are_complete():
    assert set(WRITES) == set(STEPS) - {"check"}
    assert {name for name, _ in flags("[write]")} == set(WRITES) - {"report"}


@pytest.mark.parametrize("name", STEPS)
def test_help_has_an_example_and_names_the_files(bioloom, name):
    text = bioloom(name, "--help").out
    assert f"Example: bioloom {name} " in text
    assert STEPS[name] in text
    assert "[read]" in text or "Reads" in text
    assert "[write]" in text or "writ" in text


@pytest.mark.parametrize("name", WRITES)
def test_a_step_writes_its_files_and_the_same_ones_again(bioloom, run, line_of, contents, name):
    before = contents(run)
    for path in WRITES[name]:
        shutil.rmtree(run / path) if (run / path).is_dir() else (run / path).unlink()
    if name == "train":
        shutil.rmtree(run / "checkpoints")
    assert set(contents(run)) < set(before)
    assert bioloom(*line_of(name)).code == 0
    after = contents(run)
    assert set(after) == set(before)
    clocks = ("history.csv", ".pt", "lease")  # how long a training took is never the same
    timed = {path for path in after if path.endswith(clocks) or (name == "train" and "report" in path)}
    assert [path for path in after if after[path] != before[path] and path not in timed] == []


@pytest.mark.parametrize(
    ("name", "flag", "value"),
    [
        ("infer", "threads", "-3"),
        ("train", "threads", "-1"),
        ("train", "memory_gb", "-1"),
        ("train", "memory_gb", "nan"),
        ("train", "memory_gb", "inf"),
    ],
)
def test_a_number_that_makes_no_sense(bioloom, run, line_of, contents, name, flag, value):
    before = contents(run)
    done = bioloom(*line_of(name, **{flag: value}))
    assert done.code == 2
    assert f"Invalid value for '--{flag.replace('_', '-')}'" in done.err
    assert value in done.err
    assert contents(run) == before


@pytest.mark.parametrize("name", ["train", "infer"])
def test_all_threads(bioloom, run, line_of, name):
    assert bioloom(*line_of(name, threads=0)).code == 0


@pytest.mark.parametrize("name", ["fingerprint", "train", "fit", "postprocess", "evaluate"])
def test_a_step_that_needs_a_task(bioloom, refused, run, line_of, contents, name):
    before = contents(run)
    args = line_of(name)
    at = args.index("--options")
    done = bioloom(*args[:at], *args[at + 2 :])
    assert done.code == 2
    assert "Missing option '--options'" in done.err
    (run / "none.yaml").write_text("{}")
    assert "the options name no task; fix: give --options" in refused(
        *line_of(name, options=run / "none.yaml")
    )
    (run / "none.yaml").unlink()
    assert contents(run) == before


@pytest.mark.parametrize(("name", "flag"), flags("[read]"))
def test_a_wrong_path(refused, run, line_of, contents, name, flag):
    if flag in ("options", "calibration") or f"--{flag}" not in line_of(name):
        wrong = run / f"no-{flag}.yaml"
    else:
        args = line_of(name)
        wrong = Path(args[args.index(f"--{flag}") + 1] + "-wrong")
    before = contents(run)
    line = refused(*line_of(name, **{flag: wrong}))
    assert f"--{flag}" in line
    assert str(wrong) in line
    assert contents(run) == before


@pytest.mark.parametrize(("name", "flag"), flags("[read]"))
@pytest.mark.parametrize("text", [b"a,b\n1,2\n", b"\x00\xff\x89PNG", b""], ids=["table", "binary", "empty"])
def test_a_foreign_file_or_an_empty_folder(refused, run, line_of, contents, tmp_path, name, flag, text):
    args = line_of(name)
    wrong = tmp_path / "wrong"
    if f"--{flag}" in args and Path(args[args.index(f"--{flag}") + 1]).is_dir():
        wrong.mkdir()
    else:
        wrong.write_bytes(text)
    if flag == "options" and not text:
        wrong.write_bytes(b"trian: {}")  # an empty file of options is a valid one
    before = contents(run)
    line = refused(*line_of(name, **{flag: wrong}))
    assert str(wrong) in line
    assert contents(run) == before


@pytest.mark.parametrize("name", READS_STORES)
@pytest.mark.parametrize("damage", ["truncated", "no metadata", "gone"])
def test_a_damaged_store(refused, run, line_of, contents, name, damage):
    store = run / READS_STORES[name]
    if damage == "gone":
        shutil.rmtree(store)
    elif damage == "no metadata":
        (store / "0" / "zarr.json").write_text("{")
    else:
        chunk = max((store / "0" / "c").rglob("*"), key=lambda path: path.is_file())
        chunk.write_bytes(chunk.read_bytes()[:-7])
    if name == "train":
        shutil.rmtree(run / "checkpoints")
    before = {path: text for path, text in contents(run).items() if "checkpoints" not in path}
    line = refused(*line_of(name))
    assert str(store) in line
    assert {path: text for path, text in contents(run).items() if "checkpoints" not in path} == before


@pytest.fixture
def full_disk(tmp_path, monkeypatch):
    """A folder on a disk without room: a small tmpfs, or where none can be mounted a rename that fails."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    if not mounted:

        def fail(source, target):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), source)

        monkeypatch.setattr(os, "replace", fail)
    yield folder
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder):
    """Leave no room on the disk of `folder`; where that is none of its own, 64 kB do no harm."""
    with open(folder / "filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
        for _ in range(17):
            file.write(bytes(4096))


@pytest.mark.parametrize("name", [name for name in WRITES if name != "report"])
def test_a_full_disk(refused, run, line_of, contents, full_disk, name):
    targets = {flag: full_disk / flag / "test_d.csv" for step, flag in flags("[write]") if step == name}
    if name == "train":
        shutil.rmtree(run / "checkpoints")
    for target in targets.values():
        target.parent.mkdir()
        if name != "train":
            target.write_text("earlier")
    fill(full_disk)
    before = contents(full_disk)
    line = refused(*line_of(name, **targets))
    assert "the disk is full; free some space" in line
    assert str(full_disk) in line
    after = {path: text for path, text in contents(full_disk).items() if not path.endswith(".lease")}
    assert after == before


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize(
    ("number", "says"),
    [(errno.EACCES, "permission denied"), (errno.EROFS, "read-only"), (errno.EDQUOT, "quota")],
)
def test_a_folder_that_cannot_be_written_to(refused, run, line_of, contents, monkeypatch, name, number, says):
    """Root may write anywhere, so the refusal is made up."""
    if name == "train":
        shutil.rmtree(run / "checkpoints")
    before = contents(run)

    def fail(source, target, **_more):
        raise OSError(number, os.strerror(number), source, None, target)

    monkeypatch.setattr(os, "replace", fail)
    line = refused(*line_of(name))
    assert says in line
    assert str(run) in line
    assert ".tmp-" not in line
    assert {path: text for path, text in contents(run).items() if "checkpoints" not in path} == {
        path: text for path, text in before.items() if "checkpoints" not in path
    }
