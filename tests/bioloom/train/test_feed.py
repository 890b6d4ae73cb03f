import threading

import numpy as np
import pytest
import torch
from synthetic_training import Discs
from torch.utils.data import DataLoader

from bioloom.errors import BioLoomError
from bioloom.train import feed as module
from bioloom.train.feed import Feed, TrainingBatches, ValidationBatches, choose_workers, collate


class Mistaken(Discs):
    def example(self, step, item):
        if step == 9:
            raise BioLoomError("image 7 is broken", fix="mend it")
        return super().example(step, item)


def collected(workers, source=None, steps=range(3, 9)):
    with Feed(TrainingBatches(source or Discs(), 2), steps, workers) as feed:
        return list(feed)


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_batches_are_the_same_whoever_makes_them_and_mistakes_arrive_as_they_are(workers):
    expected = [TrainingBatches(Discs(), 2)(step) for step in range(3, 9)]
    with Feed(TrainingBatches(Mistaken(), 2), range(3, 12), workers) as feed:
        for other in expected:
            batch = next(feed)
            assert list(batch) == list(other) == ["image", "target", "weight"]
            assert all(torch.equal(batch[part], other[part]) for part in batch)
            assert batch["image"].stride() == other["image"].stride()
        with pytest.raises(BioLoomError) as raised:
            next(feed)
    assert str(raised.value) == "image 7 is broken; fix: mend it"


def test_a_batch_stacks_the_examples_of_its_step():
    batch = collected(0)[2]
    for item in range(2):
        example = Discs().example(5, item)
        assert all(np.array_equal(batch[part][item], example[part]) for part in batch)


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 4, 5, 6), (3,)])
def test_collating_makes_float32_channels_last(shape):
    examples = [
        dict.fromkeys(("image", "target", "weight"), np.ones(shape)),
        dict.fromkeys(("image", "target", "weight"), torch.zeros(shape)),
    ]
    image = collate(examples)["image"]
    assert image.dtype == torch.float32
    assert image.shape == (2, *shape)
    assert image.stride(1) == 1
    assert image[0].eq(1).all()
    assert image[1].eq(0).all()


def test_validation_rows_are_all_used_once_in_order():
    source = Discs(rows=5)
    batches = ValidationBatches(source, 2)
    assert [len(batches(index)["image"]) for index in range(len(batches))] == [2, 2, 1]
    rows = torch.cat([batches(index)["image"] for index in range(3)])
    assert all(np.array_equal(rows[row], source.validation_example(row)["image"]) for row in range(5))
    assert len(ValidationBatches(Discs(rows=0), 2)) == 0


@pytest.mark.parametrize("workers", [0, 1])
def test_examples_are_made_on_one_thread_and_the_loop_keeps_its_own(workers):
    class Counting(Discs):
        def example(self, step, item):
            threads.add(torch.get_num_threads())
            return super().example(step, item)

    before, threads = torch.get_num_threads(), set()
    torch.set_num_threads(2)
    try:
        with Feed(TrainingBatches(Counting(), 1), range(4), workers) as feed:
            for _ in feed:
                assert torch.get_num_threads() == 2
        later = []
        thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert (threads, later, torch.get_num_threads()) == ({1}, [2], 2)
    finally:
        torch.set_num_threads(before)


def test_leaving_early_ends_the_thread():
    with Feed(TrainingBatches(Discs(), 2), range(1000), 1) as feed:
        next(feed)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("feed")]


def test_waiting_is_measured():
    with Feed(TrainingBatches(Discs(slow=0.02), 2), range(2), 0) as feed:
        assert feed.waited == 0
        next(feed)
        assert feed.waited >= 0.04


def test_a_dead_worker_is_explained(monkeypatch):
    def killed(loader):
        raise RuntimeError("DataLoader worker (pid 7) is killed by signal: Bus error. It is possible that...")

    monkeypatch.setattr(DataLoader, "__iter__", killed)
    with pytest.raises(BioLoomError, match=r"DataLoader worker .pid 7.* train.workers to 1"):
        collected(2)


def test_other_errors_of_workers_are_not_explained_away(monkeypatch):
    def failed(loader):
        raise RuntimeError("a mistake in the program")

    monkeypatch.setattr(DataLoader, "__iter__", failed)
    with pytest.raises(RuntimeError, match="a mistake in the program"):
        collected(2)


def test_pinning_is_asked_for_where_wanted(monkeypatch):
    pinned = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda values: pinned.append(values.shape) or values)
    with Feed(TrainingBatches(Discs(), 2), range(1), 1, pin=True) as feed:
        next(feed)
    assert len(pinned) == len(module.PARTS)


@pytest.mark.parametrize(
    ("option", "device", "threads", "expected"),
    [
        ("auto", "cpu", 8, 1),
        ("auto", "cuda", 8, 7),
        ("auto", "cuda", 1, 1),
        ("auto", "cuda", 64, 8),
        (0, "cuda", 8, 0),
        (12, "cpu", 2, 12),
    ],
)
def test_a_gpu_has_more_workers_since_it_waits(option, device, threads, expected):
    assert choose_workers(option, torch.device(device), threads) == expected
