import pytest
import torch

from bioloom.errors import BioLoomError
from bioloom.train.device import choose_device


@pytest.mark.parametrize(("gpus", "kind"), [(0, "cpu"), (2, "cuda")])
def test_auto_takes_a_gpu_where_there_is_one(monkeypatch, gpus, kind):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    assert choose_device("auto").type == kind


def test_what_is_asked_for(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(BioLoomError, match="device 'cuda:2': this machine has 2 GPUs"):
        choose_device("cuda:2")
    with pytest.raises(BioLoomError, match="device: got 'gpu'; allowed: auto, cpu, cuda"):
        choose_device("gpu")
