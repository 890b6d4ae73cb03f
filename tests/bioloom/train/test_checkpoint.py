import logging
import os

import pytest
import torch

from bioloom.train import checkpoint
from bioloom.train.checkpoint import Checkpoints, fingerprint, read_state


def state(step):
    return {"step": step, "weights": torch.full((2000,), float(step))}


@pytest.fixture
def kept(tmp_path):
    """Checkpoints with steps 2 (best, and previous) and 3 (last)."""
    made = Checkpoints(tmp_path)
    made.save(state(2), best=True)
    made.save(state(3))
    return made


def test_the_newest_is_continued_and_the_best_kept(kept):
    assert kept.newest()["step"] == 3
    assert torch.equal(kept.newest()["weights"], state(3)["weights"])
    assert read_state(kept.best)["step"] == read_state(kept.previous)["step"] == 2
    assert sorted(os.listdir(kept.last.parent)) == ["best.pt", "last.pt", "previous.pt"]


def test_a_new_folder_has_nothing(tmp_path):
    assert Checkpoints(tmp_path / "new").newest() is None


@pytest.mark.parametrize("length", [0, 10, 500, -500, -1])
def test_a_truncated_file_is_passed_over_with_a_warning(kept, caplog, length):
    data = kept.last.read_bytes()
    kept.last.write_bytes(data[:length])
    assert kept.newest()["step"] == 2
    assert "last.pt is damaged and not used" in caplog.text


def test_a_flipped_bit_is_noticed(kept, caplog):
    data = bytearray(kept.last.read_bytes())
    data[len(data) // 2] ^= 1
    kept.last.write_bytes(data)
    assert kept.newest()["step"] == 2
    assert len(caplog.records) == 1


def test_the_best_alone_is_continued(kept):
    kept.last.unlink()
    kept.previous.unlink()
    assert kept.newest()["step"] == 2


def test_nothing_but_data_is_unpickled(tmp_path, caplog):
    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "attacked"),)

    torch.save({"format": 1, "step": 9, "attack": Attack()}, tmp_path / "last.pt")
    assert Checkpoints(tmp_path).newest() is None
    assert not (tmp_path / "attacked").exists()


def test_another_format_is_not_continued(tmp_path, caplog):
    torch.save({"format": 99, "step": 9}, tmp_path / "last.pt")
    assert Checkpoints(tmp_path).newest() is None
    assert "format 99, this version reads 1" in caplog.text


@pytest.mark.parametrize("killed_in", ["_second_name", "os.replace"])
def test_a_kill_while_saving_loses_no_state(kept, monkeypatch, killed_in):
    def kill(*arguments):
        raise KeyboardInterrupt

    target = checkpoint.os if killed_in == "os.replace" else checkpoint
    monkeypatch.setattr(target, killed_in.split(".")[-1], kill)
    with pytest.raises(KeyboardInterrupt):
        kept.save(state(4), best=True)
    monkeypatch.undo()
    assert kept.newest()["step"] == 3
    assert sorted(os.listdir(kept.last.parent)) == ["best.pt", "last.pt", "previous.pt"]


def test_a_kill_between_best_and_last_continues_from_the_best(kept, monkeypatch):
    replace = os.replace

    def until_previous(source, target):
        if target == kept.previous:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(checkpoint.os, "replace", until_previous)
    with pytest.raises(KeyboardInterrupt):
        kept.save(state(4), best=True)
    monkeypatch.undo()
    assert kept.newest()["step"] == read_state(kept.best)["step"] == 4


def test_without_second_names_the_best_is_a_copy(tmp_path, monkeypatch):
    def refuse(source, target):
        raise PermissionError("no links here")

    monkeypatch.setattr(checkpoint.os, "link", refuse)
    kept = Checkpoints(tmp_path)
    kept.save(state(1), best=True)
    assert read_state(kept.best)["step"] == 1


def test_reading_good_states_says_nothing(kept, caplog):
    with caplog.at_level(logging.INFO):
        kept.newest()
    assert not caplog.records


def test_the_fingerprint_depends_on_values_not_on_their_order():
    first = fingerprint(train={"steps": 4, "seed": 0}, data=["a", "b"])
    assert first == fingerprint(data=["a", "b"], train={"seed": 0, "steps": 4})
    assert len(first) == 16
    others = [
        fingerprint(train={"steps": 5, "seed": 0}, data=["a", "b"]),
        fingerprint(train={"steps": 4, "seed": 0}, data=["b", "a"]),
        fingerprint(train={"steps": 4, "seed": 0, "data": ["a", "b"]}),
    ]
    assert len({first, *others}) == 4
    with pytest.raises(TypeError):
        fingerprint(train=object())
