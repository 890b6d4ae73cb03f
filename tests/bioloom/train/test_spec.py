import subprocess
import sys

import pytest
import yaml

from bioloom.errors import BioLoomError
from bioloom.train.spec import SPEC, ModelSpec, read_spec

TEXT = {
    "format": 1,
    "task": "instance_segmentation",
    "model": {"name": "unet"},
    "in_channels": 1,
    "channels": [{"name": "foreground", "activation": "sigmoid"}],
    "ndim": 2,
    "patch": {"size": [16, 16]},
    "normalize": {"name": "percentile", "low": 1.0, "high": 99.8, "floor": [0.5]},
    "spacing": [0.5, 0.25],
    "precision": "bf16",
    "threads": 2,
    "steps": 24,
    "best_step": 18,
    "val_loss": 0.125,
    "scale": 2048,
    "limit": 8,
    "weights": "abc",
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / SPEC).write_text(yaml.safe_dump(TEXT))
    return tmp_path


def change(folder, **values):
    text = {key: value for key, value in {**TEXT, **values}.items() if value is not None}
    (folder / SPEC).write_text(yaml.safe_dump(text))


def test_everything_in_the_file_is_read(folder):
    values = {key: value for key, value in TEXT.items() if key != "format"}
    expected = {**values, "channels": tuple(TEXT["channels"]), "spacing": (0.5, 0.25)}
    assert read_spec(folder) == ModelSpec(**expected)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BioLoomError, match=f"no {SPEC}; fix: train a model first"):
        read_spec(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "format 2; allowed: 1"),
        ({"format": None}, "does not say its format"),
        ({"channels": None}, "keys missing or unknown: channels"),
        ({"colour": "red"}, "keys missing or unknown: colour"),
    ],
)
def test_another_version_or_other_keys_are_errors(folder, changes, message):
    change(folder, **changes)
    with pytest.raises(BioLoomError, match=message):
        read_spec(folder)


@pytest.mark.parametrize("text", ["a: [", "- 1", "", "\xff"])
def test_what_is_no_description_is_damaged(folder, text):
    (folder / SPEC).write_bytes(text.encode("latin-1"))
    with pytest.raises(BioLoomError, match=r"model.yaml is damaged"):
        read_spec(folder)


def test_yaml_makes_no_objects(folder):
    (folder / SPEC).write_text("!!python/object/apply:os.system ['true']")
    with pytest.raises(BioLoomError, match=r"model.yaml is damaged"):
        read_spec(folder)


def test_stitching_starts_without_torch():
    code = "import sys, bioloom.train.spec, bioloom.infer.assemble; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
