import pytest
from pydantic import ValidationError

from bioloom.settings.config import Config

pytestmark = pytest.mark.usefixtures("fake_rooms")


def test_every_section_has_defaults():
    config = Config()
    assert config.model.name == "residual_unet"
    assert config.preprocess.normalize.high == 99.8
    assert config.train.learning_rate == 3e-3
    assert config.augment == "auto"


def test_a_plugin_is_given_by_name_or_with_options():
    config = Config.model_validate(
        {"model": "unet", "augment": ["flip", {"name": "gamma", "probability": 1}]}
    )
    assert config.model.name == "unet"
    assert [plugin.name for plugin in config.augment] == ["flip", "gamma"]
    assert config.augment[1].probability == 1.0


def test_dumped_values_are_plain_and_flat_and_make_the_same_config():
    config = Config.model_validate({"run": "a", "augment": ["gamma"], "train": {"losses": ["dice"]}})
    values = config.model_dump(mode="json")
    assert values["augment"] == [{"name": "gamma", "probability": 0.3, "range": [0.7, 1.5]}]
    del values["task"]  # empty: not given
    assert Config.model_validate(values) == config


def test_a_config_is_immutable():
    with pytest.raises(ValidationError, match="frozen"):
        Config().run = "b"


@pytest.mark.parametrize("values", [None, {}, {"train": None}, {"train": {}, "data": None}])
def test_an_empty_section_takes_its_defaults(values):
    assert Config.model_validate(values) == Config()


def test_numbers_in_scientific_notation_without_a_point_are_numbers():
    """PyYAML reads ``1e-3`` as text."""
    assert Config.model_validate({"train": {"learning_rate": "1e-3"}}).train.learning_rate == 1e-3


@pytest.mark.parametrize(
    ("section", "option", "value"),
    [
        ("train", "steps", True),
        ("train", "ema", True),
        ("train", "learning_rate", float("nan")),
        ("train", "learning_rate", float("inf")),
        ("train", "ema", 1),
        ("evaluate", "baseline", 2),
        ("data", "voxel_size", [0.1]),
        ("data", "voxel_size", [0.1, 0]),
        ("data", "val_fraction", 1),
        ("patch", "size", [64]),
        ("patch", "size", [64, 64, 64, 64]),
        ("patch", "overlap", [-1, 0]),
        ("report", "export", ["jpg"]),
    ],
)
def test_values_outside_of_the_limits_are_refused(section, option, value):
    with pytest.raises(ValidationError):
        Config.model_validate({section: {option: value}})


@pytest.mark.parametrize("axes", ["yx", "YXS", "ZY", "YYX", "", "Y X"])
def test_bad_axes_are_refused(axes):
    with pytest.raises(ValidationError, match="letters of TCZYX"):
        Config.model_validate({"data": {"axes": axes}})


@pytest.mark.parametrize(("axes", "spatial"), [("YX", "YX"), ("TCZYX", "ZYX"), ("XYC", "XY")])
def test_spatial_axes(axes, spatial):
    assert Config.model_validate({"data": {"axes": axes}}).data.spatial_axes == spatial


@pytest.mark.parametrize("run", ["", "a b", "../a", "-a", "a/b", "é", "a\n"])
def test_a_run_is_a_plain_folder_name(run):
    with pytest.raises(ValidationError, match="letters, digits"):
        Config.model_validate({"run": run})
