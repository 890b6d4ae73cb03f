import pytest
import torch
from small_run import SHAPES, config, facts, files

from bioloom.tasks.recipe import targets_of
from bioloom.train.export import load_model
from bioloom.train.run import train_model
from bioloom.train.spec import read_spec


def run(folder, ndim, model="model", checkpoints="checkpoints", **changes):
    machine = {"device": "cpu", "workers": 0, "memory_gb": 1.0, "threads": 1}
    return train_model(
        config(ndim, **changes),
        facts(ndim),
        files(folder, ndim),
        model=folder / model,
        checkpoints=folder / checkpoints,
        **machine,
    )


@pytest.mark.parametrize("ndim", SHAPES)
def test_a_model_that_can_be_loaded(tmp_path, ndim):
    result = run(tmp_path, ndim)
    spec = read_spec(tmp_path / "model")
    assert (spec.task, spec.ndim, spec.in_channels) == ("instance_segmentation", ndim, 1)
    assert list(spec.channels) == [c.described() for c in targets_of(config(ndim)).channels(ndim)]
    assert spec.patch == {"size": config(ndim).patch.size}
    assert spec.normalize["floor"] == [1.0]
    assert (spec.steps, spec.precision, spec.threads) == (2, "fp32", 1)
    module, _ = load_model(tmp_path / "model", "cpu")
    for name, value in module.state_dict().items():
        assert torch.equal(value, result.weights[name]), name
    lines = (tmp_path / "model" / "history.csv").read_text().splitlines()
    assert lines[0].startswith("step,")
    assert len(lines) == 2


def test_another_config_has_other_checkpoints(tmp_path):
    first = run(tmp_path, 2)
    again = run(tmp_path, 2, model="again")
    assert len(list((tmp_path / "checkpoints").iterdir())) == 1
    assert all(torch.equal(first.weights[name], again.weights[name]) for name in first.weights)
    run(tmp_path, 2, model="other", augment=[])
    assert len(list((tmp_path / "checkpoints").iterdir())) == 2
