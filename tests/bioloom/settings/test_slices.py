import pytest

from bioloom.settings import dump_yaml, load_options, parse_config
from bioloom.settings.config import Config
from bioloom.settings.slices import MACHINE_KEYS, STEP_KEYS, machine_options, step_options

pytestmark = pytest.mark.usefixtures("fake_rooms")


def steps_that_notice(minimal, **changes):
    """Return the steps whose options differ after a change of the config."""
    before, after = parse_config(minimal), parse_config(minimal | changes)
    return {step for step in STEP_KEYS if step_options(before, step) != step_options(after, step)}


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        ({"run": "b"}, {"report"}),
        ({"data": {"test": {"images": "more"}}}, set()),
        ({"data": {"predict": {"images": "raw"}, "voxel_size": [1, 1]}}, {"preprocess"}),
        ({"preprocess": {"normalize": {"name": "percentile", "high": 99}}}, {"preprocess", "train"}),
        ({"patch": {"overlap": [8, 8]}}, {"plan", "infer", "stitch"}),
        ({"augment": ["flip"]}, {"train"}),
        ({"model": "unet"}, {"train", "fingerprint"}),
        ({"train": {"learning_rate": 0.1}}, {"train"}),
        ({"train": {"device": "cuda", "workers": 4, "memory_gb": 9}}, set()),
        ({"infer": {"device": "cuda"}}, set()),
        ({"infer": {"patch_size": [99, 99]}}, {"plan", "infer", "stitch"}),
        ({"infer": {"chunk": [3, 3]}}, {"plan"}),
        ({"infer": {"batch_size": 2}}, {"infer"}),
        ({"infer": {"precision": "fp32"}}, {"infer"}),
        ({"postprocess": ["watershed"]}, {"fit", "postprocess"}),
        ({"evaluate": {"metrics": ["matching"]}}, {"evaluate", "report"}),
        ({"evaluate": {"smallest_truth": 9}}, {"evaluate"}),
        ({"report": {"title": "x"}}, {"report"}),
        ({"report": {"export": ["tiff"]}}, {"export"}),
    ],
)
def test_a_change_reaches_only_the_steps_that_use_it(minimal, changes, steps):
    assert steps_that_notice(minimal, **changes) == steps


@pytest.mark.parametrize("step", STEP_KEYS)
def test_options_come_back_from_their_file(tmp_path, minimal, step):
    config = parse_config(minimal | {"augment": ["gamma"], "train": {"losses": ["dice"], "seed": 3}})
    path = tmp_path / f"{step}.yaml"
    path.write_text(dump_yaml(step_options(config, step)))
    loaded = load_options(path)
    for key in STEP_KEYS[step]:
        section, _, option = key.partition(".")
        if option:
            assert getattr(getattr(loaded, section), option) == getattr(getattr(config, section), option)
        elif section != "train":  # which lacks what is about the machine
            assert getattr(loaded, section) == getattr(config, section)


def test_defaults_are_filled_in(minimal):
    options = step_options(parse_config(minimal), "train")
    assert options["model"] == {
        "name": "residual_unet",
        "feature_maps": "auto",
        "kernel": 3,
        "activation": "relu",
    }
    assert options["train"]["learning_rate"] == 0.003
    assert list(options["patch"]) == ["size", "foreground_share"]


def test_keys_exist():
    values = Config().model_dump(mode="json")
    for key in [*MACHINE_KEYS, *(key for keys in STEP_KEYS.values() for key in keys)]:
        section, _, option = key.partition(".")
        assert section in values
        assert not option or option in values[section]


def test_every_option_reaches_a_step_or_is_about_images_or_machine():
    """An option that nobody receives would be a switch without a wire."""
    received = {key for keys in STEP_KEYS.values() for key in keys}
    missing = {"data." + name for name in ("axes", "voxel_size")} - received
    for section, value in Config().model_dump(mode="json").items():
        names = (
            [f"{section}.{name}" for name in value] if isinstance(value, dict) and "name" not in value else []
        )
        missing |= {name for name in names if section != "data" and not {section, name} & received}
    assert missing - set(MACHINE_KEYS) == set()


def test_machine_options(minimal):
    config = parse_config(minimal | {"train": {"device": "cpu"}})
    assert machine_options(config, "train") == {"device": "cpu", "workers": "auto", "memory_gb": 2.0}
    assert machine_options(config, "infer") == {"device": "auto"}
