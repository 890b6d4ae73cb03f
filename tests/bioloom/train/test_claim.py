import os
import subprocess
import sys
from pathlib import Path

import pytest

from bioloom.errors import BioLoomError
from bioloom.train.claim import claimed, lock_folder

HOLDER = Path(__file__).with_name("hold_a_device.py")
DEVICES = ("GPU-3f2c", "GPU-9b01")


@pytest.fixture
def hold(tmp_path):
    """Returns a function that starts a process which claims one of the devices."""
    started = []

    def start():
        command = [sys.executable, str(HOLDER), str(tmp_path), *DEVICES]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def said(process):
    return process.stdout.readline().strip()


def test_each_process_has_a_device_of_its_own_and_the_next_one_waits(hold):
    first, second = hold(), hold()
    assert {said(first), said(second)} == {"0", "1"}
    third = hold()
    pids = {str(first.pid), str(second.pid)}
    words = said(third)
    assert words.startswith("waiting for a GPU: 2 taken, by process ")
    assert set(words.rpartition("process ")[2].split(", ")) == pids
    second.stdin.close()  # ends in peace
    second.wait()
    assert said(third) in ("0", "1")


def test_the_device_of_a_killed_process_is_free_again(hold):
    first, second = hold(), hold()
    held = {first: said(first), second: said(second)}
    third = hold()
    assert said(third).startswith("waiting")
    first.kill()
    assert said(third) == held[first]
    # what a dead process left in the file takes nothing from anybody
    second.kill()
    second.wait()
    assert said(hold()) == held[second]


def test_a_claim_ends_with_its_context(tmp_path):
    for _ in range(2):
        with claimed(DEVICES, tmp_path) as first, claimed(DEVICES, tmp_path) as second:
            assert (first, second) == (0, 1)


def test_names_that_are_no_file_names(tmp_path):
    with claimed(["../MIG 1/2"], tmp_path) as number:
        assert number == 0
    assert [path.name for path in tmp_path.iterdir()] == ["___MIG_1_2.lock"]


def test_the_folder_of_the_locks_is_private(tmp_path):
    folder = lock_folder(tmp_path)
    assert folder == lock_folder(tmp_path) == tmp_path / f"bioloom-{os.getuid()}"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_can_write_to_is_refused(tmp_path):
    lock_folder(tmp_path).chmod(0o777)
    with pytest.raises(BioLoomError, match=r"bioloom-\d+: others can write there; fix: remove it"):
        lock_folder(tmp_path)


def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"bioloom-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BioLoomError, match="others can write there"):
        lock_folder(tmp_path)
