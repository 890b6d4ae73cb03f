import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace

import pytest

from bioloom.errors import BioLoomError
from bioloom.train import lease as module
from bioloom.train.lease import NAME, STALE_AFTER, Lease, Owner, this_machine


@pytest.fixture
def other():
    """An owner that is alive: a process of this machine."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    born = module.psutil.Process(process.pid).create_time()
    yield Owner("here", this_machine(), process.pid, born, "other")
    process.kill()
    process.wait()


def leave(folder, owner, age=0.0):
    """Let `owner` hold `folder`, with a heartbeat `age` seconds ago."""
    path = folder / NAME
    path.write_text(json.dumps(asdict(owner)) if isinstance(owner, Owner) else owner)
    then = time.time() - age
    os.utime(path, (then, then))


def dead(owner):
    os.kill(owner.pid, 9)
    os.waitid(os.P_PID, owner.pid, os.WEXITED | os.WNOWAIT)  # a zombie, as nobody has waited for it
    return owner


def test_a_folder_has_one_owner_and_is_free_again(tmp_path):
    folder = tmp_path / "new"
    with Lease(folder) as lease:
        lease.check()
        with (
            pytest.raises(BioLoomError, match=f"process {os.getpid()} on .* is training here"),
            Lease(folder),
        ):
            pass
        lease.check()
    assert os.listdir(folder) == []
    with Lease(folder):
        pass


def test_file_systems_without_second_names_do(tmp_path, monkeypatch, other):
    def refuse(source, target):
        raise PermissionError("no links here")

    monkeypatch.setattr(module.os, "link", refuse)
    with Lease(tmp_path) as lease:
        lease.check()
        with pytest.raises(BioLoomError, match="is training here"), Lease(tmp_path):
            pass
    leave(tmp_path, dead(other))
    with Lease(tmp_path) as lease:
        lease.check()


def test_a_living_process_of_this_machine_keeps_its_lease_however_silent(tmp_path, other):
    leave(tmp_path, other, age=10 * STALE_AFTER)
    with pytest.raises(BioLoomError, match="last heard of 1200 s ago"), Lease(tmp_path):
        pass
    assert json.loads((tmp_path / NAME).read_text())["token"] == "other"


def test_a_dead_process_of_this_machine_loses_its_lease_at_once(tmp_path, other):
    leave(tmp_path, dead(other))
    with Lease(tmp_path) as lease:
        lease.check()
    assert os.listdir(tmp_path) == []


def test_a_process_id_that_was_given_out_again_is_dead(tmp_path, other):
    leave(tmp_path, replace(other, born=other.born - 3600))
    with Lease(tmp_path):
        pass


@pytest.mark.parametrize("machine", ["another boot", "another container"])
def test_of_another_machine_only_the_heartbeat_counts(tmp_path, other, machine):
    away = replace(dead(other), machine=machine)
    leave(tmp_path, away, age=STALE_AFTER - 20)
    with pytest.raises(BioLoomError, match="try again after 120 s"), Lease(tmp_path):
        pass
    leave(tmp_path, away, age=STALE_AFTER + 20)
    with Lease(tmp_path) as lease:
        lease.check()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"host": "x"}'])
def test_an_unreadable_lease_ends_by_its_age(tmp_path, text):
    leave(tmp_path, text)
    with pytest.raises(BioLoomError, match="an unreadable lease"), Lease(tmp_path):
        pass
    leave(tmp_path, text, age=STALE_AFTER + 20)
    with Lease(tmp_path):
        pass


def test_whoever_lost_the_lease_notices_and_leaves_the_new_one(tmp_path, other):
    with Lease(tmp_path) as lease:
        leave(tmp_path, other)
        with pytest.raises(BioLoomError, match="another training has taken over"):
            lease.check()
    assert json.loads((tmp_path / NAME).read_text())["token"] == "other"


def test_the_heart_beats(tmp_path, monkeypatch):
    beaten = threading.Event()
    touch = os.utime

    def utime(path):
        touch(path)
        beaten.set()

    monkeypatch.setattr(module, "BEAT_EVERY", 0.01)
    monkeypatch.setattr(module.os, "utime", utime)
    with Lease(tmp_path):
        assert beaten.wait(10)


def test_the_new_lease_of_a_faster_one_is_put_back(tmp_path, other, monkeypatch):
    faster = replace(other, token="faster")
    rename = os.rename
    leave(tmp_path, replace(other, machine="away"), age=STALE_AFTER + 20)

    def later(source, target):
        leave(tmp_path, faster)
        rename(source, target)

    monkeypatch.setattr(module.os, "rename", later)
    with pytest.raises(BioLoomError, match=f"process {other.pid} on here is training"), Lease(tmp_path):
        pass
    assert json.loads((tmp_path / NAME).read_text())["token"] == "faster"
    assert os.listdir(tmp_path) == [NAME]


def test_of_many_that_come_at_once_one_takes_over(tmp_path, other):
    leave(tmp_path, dead(other))
    start, leases, held = threading.Barrier(8), [Lease(tmp_path) for _ in range(8)], []

    def compete(lease):
        start.wait()
        try:
            lease.__enter__()
        except BioLoomError:
            return
        held.append(lease)

    threads = [threading.Thread(target=compete, args=(lease,)) for lease in leases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    holders = [lease for lease in held if lease._held()]
    assert len(holders) == 1
    for lease in held:
        lease.__exit__(None, None, None)
    assert os.listdir(tmp_path) == []


def test_who_waits_gets_the_folder_when_its_owner_ends(tmp_path, other, monkeypatch, caplog):
    monkeypatch.setattr(module, "ASK_EVERY", 0.001)
    looks = []

    def waiting():
        looks.append(1)
        if len(looks) == 3:
            (tmp_path / NAME).unlink()
        return True

    leave(tmp_path, other)
    with caplog.at_level("INFO"), Lease(tmp_path, waiting) as lease:
        lease.check()
    assert len(looks) == 3
    assert caplog.text.count("waiting: ") == 1


def test_who_is_told_to_stop_waits_no_longer(tmp_path, other, monkeypatch):
    monkeypatch.setattr(module, "ASK_EVERY", 0.001)
    answers = iter([True, True, False])
    leave(tmp_path, other)
    with pytest.raises(BioLoomError, match="is training here"), Lease(tmp_path, lambda: next(answers)):
        pass
    assert os.listdir(tmp_path) == [NAME]


def test_nobody_waits_for_oneself(tmp_path):
    with (
        Lease(tmp_path),
        pytest.raises(BioLoomError, match="is training here"),
        Lease(tmp_path, lambda: True),
    ):
        pass
