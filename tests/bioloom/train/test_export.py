import json
from dataclasses import replace
from math import isnan

import pytest
import torch
import yaml
from safetensors.torch import load_file
from synthetic_training import tiny_net

from bioloom.errors import BioLoomError
from bioloom.train import export
from bioloom.train.export import WEIGHTS, load_model, save_model
from bioloom.train.precision import channels_last
from bioloom.train.spec import SPEC, ModelSpec, read_spec

SPECIMEN = ModelSpec(
    task="instance_segmentation",
    model={"name": "unet"},
    in_channels=1,
    channels=({"name": "foreground", "activation": "sigmoid"},),
    ndim=2,
    patch={"size": [16, 16]},
    normalize={"name": "percentile", "low": 1.0, "high": 99.8, "floor": [0.5]},
    spacing=(0.5, 0.25),
    precision="bf16",
    threads=2,
    steps=24,
    best_step=18,
    val_loss=0.125,
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A saved model; networks are built by the tests' own tiny one."""
    monkeypatch.setattr(export, "build_model", lambda options, *shape: tiny_net(shape[-1]))
    model = channels_last(tiny_net())
    model(torch.rand(2, 1, 16, 16))
    save_model(tmp_path / "all", model.state_dict(), SPECIMEN)
    return tmp_path / "all"


def change(folder, **values):
    text = yaml.safe_load((folder / SPEC).read_text())
    text = {key: value for key, value in {**text, **values}.items() if value is not None}
    (folder / SPEC).write_text(yaml.safe_dump(text))


def test_a_model_comes_back_with_all_its_numbers(folder):
    module, spec = load_model(folder, "cpu")
    trained = tiny_net()
    trained(torch.rand(2, 1, 16, 16))
    assert not module.training
    assert spec == replace(SPECIMEN, weights=spec.weights)
    assert len(spec.weights) == 128
    assert module.layers[1].num_batches_tracked == 1
    assert not torch.equal(module.layers[1].running_mean, torch.zeros(6))
    stored = load_file(folder / WEIGHTS)
    assert all(torch.equal(value, stored[name]) for name, value in module.state_dict().items())


def test_the_file_is_plain_yaml_with_a_version_first(folder):
    text = yaml.safe_load((folder / SPEC).read_text())
    assert (folder / SPEC).read_text().startswith("format: 1\ntask: instance_segmentation\n")
    assert text["channels"] == [{"name": "foreground", "activation": "sigmoid"}]
    assert text["spacing"] == [0.5, 0.25]
    assert (text["scale"], text["limit"], text["val_loss"]) == (2048, 8, 0.125)
    json.dumps(text)


def test_the_same_model_gives_the_same_bytes(folder, tmp_path):
    module, _ = load_model(folder, "cpu")
    save_model(tmp_path / "again", module.state_dict(), SPECIMEN)
    for name in (WEIGHTS, SPEC):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_a_loss_that_is_nan_survives(folder, tmp_path):
    save_model(tmp_path / "nan", tiny_net().state_dict(), replace(SPECIMEN, val_loss=float("nan")))
    assert isnan(read_spec(tmp_path / "nan").val_loss)


@pytest.mark.parametrize("name", [WEIGHTS, SPEC])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(BioLoomError, match=f"no {name}"):
        load_model(folder, "cpu")


def test_changed_weights_are_noticed(folder):
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-1] ^= 1
    (folder / WEIGHTS).write_bytes(data)
    with pytest.raises(
        BioLoomError, match=r"safetensors is damaged: its digest is not the one in model.yaml"
    ):
        load_model(folder, "cpu")


def test_weights_of_another_architecture_are_noticed(folder):
    change(folder, ndim=3)
    with pytest.raises(BioLoomError, match=r"does not fit the model in model.yaml"):
        load_model(folder, "cpu")
