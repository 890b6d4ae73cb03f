from contextlib import ExitStack, nullcontext

import pytest
import torch

from bioloom.errors import BioLoomError
from bioloom.train import device
from bioloom.train.device import claimed_device


@pytest.fixture
def gpus(monkeypatch, tmp_path):
    """Returns a function that pretends GPUs."""
    for name in device.GRANTS:
        monkeypatch.delenv(name, raising=False)

    def pretend(count):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.cuda, "device", nullcontext)
        monkeypatch.setattr(device, "visible_gpus", lambda: [f"GPU-{n}" for n in range(count)])
        monkeypatch.setattr(device, "lock_folder", lambda: tmp_path)

    return pretend


def used(*options):
    """Return what steps with these options use while all of them run."""
    with ExitStack() as steps:
        return [str(steps.enter_context(claimed_device(option))) for option in options]


@pytest.mark.parametrize("option", ["auto", "cpu"])
def test_a_machine_without_a_gpu(gpus, option):
    gpus(0)
    assert used(option, option) == ["cpu", "cpu"]


@pytest.mark.parametrize("option", ["auto", "cuda"])
def test_each_step_has_a_gpu_of_its_own(gpus, option):
    gpus(2)
    assert used(option, option) == ["cuda:0", "cuda:1"]
    assert used(option) == ["cuda:0"]


def test_what_is_asked_for(gpus):
    gpus(2)
    assert used("cuda:1", "auto", "cpu") == ["cuda:1", "cuda:0", "cpu"]


@pytest.mark.parametrize("grant", device.GRANTS)
def test_slurm_gives_and_nobody_asks(gpus, monkeypatch, grant):
    gpus(1)
    monkeypatch.setenv(grant, "3")
    assert used("auto", "auto", "cuda") == ["cuda:0"] * 3  # a GPU that the site lets jobs share


def test_a_gpu_that_is_given_in_vain(gpus, monkeypatch, caplog):
    gpus(0)
    monkeypatch.setenv("SLURM_JOB_GPUS", "3")
    assert used("auto") == ["cpu"]
    assert "this job was given a GPU and runs on the CPU (device: auto)" in caplog.messages


def test_devices_that_are_not_there(gpus):
    gpus(2)
    with pytest.raises(BioLoomError, match="device 'cuda:2': this process sees 2 GPUs; fix: use cpu"):
        used("cuda:2")
    gpus(0)
    with pytest.raises(BioLoomError, match="device 'cuda': this process sees 0 GPUs"):
        used("cuda")
    for wrong in ("gpu", "meta", "cuda:x"):
        with pytest.raises(BioLoomError, match=f"device: got '{wrong}'; allowed: auto, cpu, cuda"):
            used(wrong)


def test_the_device_is_named_in_the_log(gpus, caplog):
    gpus(2)
    with caplog.at_level("INFO"):
        used("cuda:1", "cpu")
    assert caplog.messages == ["device: cuda:1", "device: cpu"]


def test_a_gpu_whose_memory_is_full(gpus, monkeypatch):
    gpus(1)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda place: (2**29, 8 * 2**30))
    message = (
        r"^cuda:0: its memory of 8\.0 GiB is full, 0\.5 GiB are free; fix: a smaller batch_size or patch "
    )
    with pytest.raises(BioLoomError, match=message), claimed_device("auto"):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    assert used("auto") == ["cuda:0"]  # the next step may have it
