import copy
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from bioloom.settings.config import Config
from bioloom.settings.schema import config_schema, options_schema, schema_text
from bioloom.settings.yaml_file import read_yaml

CONFIG = Path(__file__).parents[3] / "config"


@pytest.fixture
def validator(fake_rooms):
    schema = config_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_schema_names_all_plugins(validator):
    definitions = validator.schema["$defs"]
    assert definitions["model"]["anyOf"][0] == {"enum": ["unet", "residual_unet"]}
    assert definitions["model.unet"]["properties"]["name"] == {"const": "unet"}
    assert definitions["metric.matching"]["properties"]["thresholds"]["default"] == [0.5, 0.75]
    assert validator.schema["properties"]["task"]["enum"] == ["instance_segmentation", "detection"]
    assert "title" in definitions["Report"]["properties"]
    assert "title" not in definitions["Report"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, None),
        ({"model": "unet"}, None),
        ({"model": {"name": "unet", "feature_maps": [1]}}, None),
        ({"augment": ["flip", {"name": "gamma"}]}, None),
        ({"postprocess": [{"name": "watershed", "seeds": {"channel": "a"}}]}, None),
        ({"model": "resnet"}, ["model"]),
        ({"model": {"feature_maps": [1]}}, ["model"]),
        ({"postprocess": [{"name": "watershed", "seeds": {}}]}, ["postprocess"]),
        ({"task": "x"}, ["task"]),
        ({"run": "a b"}, ["run"]),
        ({"train": {"steps": 0}}, ["train", "steps"]),
        ({"train": {"stepz": 1}}, ["train"]),
        ({"speed": 1}, []),
    ],
)
def test_the_schema_takes_what_the_classes_take(validator, minimal, changes, path):
    values = copy.deepcopy(minimal) | changes
    errors = [list(error.absolute_path) for error in validator.iter_errors(values)]
    assert errors == ([] if path is None else [path])
    if path is None:
        Config.model_validate(values)


def test_every_option_is_described(fake_rooms):
    schema = options_schema(Config)
    for name, section in [("", schema), *schema["$defs"].items()]:
        for option, node in section["properties"].items():
            assert "description" in node or "$ref" in node, f"{name}.{option} has no docstring below it"


def test_schema_json_is_in_sync():
    written = json.loads((CONFIG / "schema.json").read_text(encoding="utf-8"))
    assert written == json.loads(schema_text()), "config/schema.json is out of date: run `make docs`"


def test_the_demo_fits_the_schema():
    Draft202012Validator(config_schema()).validate(read_yaml(CONFIG / "config.yaml"))
