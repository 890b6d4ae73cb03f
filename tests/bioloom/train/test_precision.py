from types import SimpleNamespace

import pytest
import torch
from torch import nn

from bioloom.errors import BioLoomError
from bioloom.train import precision
from bioloom.train.precision import Precision, channels_last, channels_last_tensor, choose_precision

CPU = torch.device("cpu")
CUDA = torch.device("cuda")


def pretend_cpu(monkeypatch, **features):
    probes = {f"_is_{name}_supported": lambda value=value: value for name, value in features.items()}
    monkeypatch.setattr(precision.torch, "cpu", SimpleNamespace(**probes))


def pretend_gpu(monkeypatch, capability):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: capability >= (8, 0))


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ({"avx512_bf16": True, "amx_tile": False}, "bf16"),
        ({"avx512_bf16": False, "amx_tile": True}, "bf16"),
        ({"avx512_bf16": False, "amx_tile": False}, "fp32"),
        ({}, "fp32"),  # a version of PyTorch that cannot tell
    ],
)
def test_auto_on_a_cpu(monkeypatch, features, expected):
    pretend_cpu(monkeypatch, **features)
    assert choose_precision("auto", CPU) == Precision(expected, "cpu")


@pytest.mark.parametrize(
    ("capability", "expected"),
    [((6, 1), "fp32"), ((7, 0), "fp16"), ((7, 5), "fp16"), ((8, 0), "bf16"), ((9, 0), "bf16")],
)
def test_auto_on_a_gpu(monkeypatch, capability, expected):
    pretend_gpu(monkeypatch, capability)
    assert choose_precision("auto", CUDA) == Precision(expected, "cuda")


def test_auto_on_another_device():
    assert choose_precision("auto", torch.device("mps")).name == "fp32"


def test_what_was_asked_for_is_taken(monkeypatch):
    pretend_cpu(monkeypatch)
    assert choose_precision("bf16", CPU).name == "bf16"  # slow, but the same numbers
    assert choose_precision("fp32", CPU).name == "fp32"
    pretend_gpu(monkeypatch, (6, 1))
    assert choose_precision("fp16", CUDA).name == "fp16"


def test_what_a_device_cannot_do_is_an_error(monkeypatch):
    with pytest.raises(BioLoomError, match=r"cpu here does not compute in fp16; allowed: auto, .*fp32; fix"):
        choose_precision("fp16", CPU)
    pretend_gpu(monkeypatch, (7, 0))
    with pytest.raises(BioLoomError, match="bf16"):
        choose_precision("bf16", CUDA)
    with pytest.raises(BioLoomError, match="got 'half'; allowed: auto, fp32, bf16, fp16"):
        choose_precision("half", CPU)


@pytest.mark.parametrize("name", ["fp32", "bf16", "fp16"])
def test_convolutions_compute_in_the_precision_and_only_fp16_is_scaled(name):
    chosen = Precision(name, "cpu")
    with chosen.autocast():
        assert nn.Conv2d(1, 2, 3)(torch.rand(1, 1, 8, 8)).dtype == precision.DTYPES[name]
    assert chosen.scaler().is_enabled() == (name == "fp16")


def test_channels_last_lays_out_mixed_ranks_and_keeps_the_values():
    module = nn.ModuleList([nn.Conv2d(2, 3, 3), nn.Conv3d(2, 3, 3), nn.Linear(4, 4), nn.BatchNorm2d(3)])
    before = {name: value.clone() for name, value in module.state_dict().items()}
    assert channels_last(module) is module
    assert module[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert module[1].weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_channels_last_tensors_of_every_rank():
    assert channels_last_tensor(torch.rand(2, 3, 4, 5)).stride() == (60, 1, 15, 3)
    assert channels_last_tensor(torch.rand(2, 3, 4, 5, 6)).stride() == (360, 1, 90, 18, 3)
    assert channels_last_tensor(torch.rand(3, 2).T).is_contiguous()
