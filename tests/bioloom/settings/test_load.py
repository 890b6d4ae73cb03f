from pathlib import Path

import pytest

from bioloom.errors import BioLoomError
from bioloom.settings import load_config, load_options, parse_config, parse_options

pytestmark = pytest.mark.usefixtures("fake_rooms")


def messages(values):
    with pytest.raises(BioLoomError) as error:
        parse_config(values)
    return str(error.value).splitlines()


def test_minimal_config(minimal):
    config = parse_config(minimal)
    assert config.run == "a"
    assert config.data.predict.images == str(Path.cwd() / "raw")


def test_relative_paths_start_at_the_base(tmp_path):
    source = {"images": ["a.tif", "../b*.tif", "/c.tif"], "labels": "~/d"}
    values = {"run": "a", "task": "detection", "data": {"train": source}}
    train = parse_config(values, tmp_path).data.train
    assert train.images == [f"{tmp_path}/a.tif", f"{tmp_path.parent}/b*.tif", "/c.tif"]
    assert train.labels == str(Path.home() / "d")


def test_samples_are_made_absolute(minimal):
    minimal["data"] = {"samples": "table.csv"}
    assert parse_config(minimal, "/somewhere").data.samples == "/somewhere/table.csv"


def test_all_mistakes_are_named_at_once(minimal):
    minimal |= {
        "model": {"name": "unet", "feature_mapz": [1, 2], "activation": "rely"},
        "train": {"steps": "many", "losses": ["dise", {"name": "dice", "weight": 0}]},
        "augment": [{"name": "flip"}, {"name": "gamma", "probability": 2}],
        "patch": {"size": [64, 64], "overlap": [32, 8]},
        "infer": {"chunk": [2, 2, 2]},
        "trian": {},
    }
    assert messages(minimal) == [
        "config: augment[1].probability: got 2; allowed: number >= 0, <= 1",
        "config: model.activation: got 'rely'; allowed: 'relu' | 'elu'; did you mean 'relu'?",
        "config: model.feature_mapz: unknown key; did you mean 'feature_maps'?",
        "config: train.losses[0]: unknown loss 'dise'; allowed: dice; fix: did you mean 'dice'?",
        "config: train.losses[1].weight: got 0; allowed: number > 0",
        "config: train.steps: got 'many'; allowed: whole number >= 1, or 'auto'",
        "config: trian: unknown key; did you mean 'train'?",
        "config: infer.chunk: got 3 numbers; allowed: 2, one per spatial axis, since patch.size has 2",
        "config: patch.overlap: got [32, 8]; allowed: less than half of patch.size, at most [31, 31]",
    ]


def test_required_keys():
    assert messages({"data": {"samples": "a.csv"}}) == ["config: run: missing", "config: task: missing"]
    assert "config: data: no images" in messages({"run": "a", "task": "detection"})[0]


@pytest.mark.parametrize("values", [None, [], "text", 3])
def test_other_values_than_a_mapping(values):
    assert messages(values)


def test_images_come_from_samples_or_sources_but_not_both(minimal):
    minimal["data"]["samples"] = "a.csv"
    assert messages(minimal)[0].startswith("config: data: got samples and predict; allowed: either samples")


def test_a_misspelt_source_does_not_also_count_as_missing_images(minimal):
    minimal["data"] = {"train": {"imges": "a"}}
    assert messages(minimal) == [
        "config: data.train.images: missing; allowed: text, or list of texts",
        "config: data.train.imges: unknown key; did you mean 'images'?",
    ]


MISTAKES = [
    ("task", "detektion", "task: unknown task 'detektion'; allowed: instance_segmentation, detection"),
    ("run", "my run", "run: got 'my run'; allowed: letters, digits, - and _, a letter or digit first"),
    ("run", 7, "run: got 7; allowed: text"),
    ("model", "resnet", "model: unknown model 'resnet'; allowed: unet, residual_unet"),
    ("model", {"feature_maps": [1]}, "model: {'feature_maps': [1]} names no model"),
    (
        "model",
        {"name": "unet", "kernel": ["a"]},
        'model.kernel: got ["a"]; allowed: whole number, or list of',
    ),
    (
        "model",
        {"name": "unet", "feature_maps": [4, 0]},
        "model.feature_maps[1]: got 0; allowed: whole number",
    ),
    ("patch", {"size": [64, "b"]}, "patch.size[1]: got 'b'; allowed: whole number >= 1"),
    ("patch", {"size": [64]}, "patch.size: got [64]; allowed: list of 2 to 3 whole numbers >= 1, or 'auto'"),
    ("patch", 64, "patch: got 64; allowed: section"),
    ("augment", "flip", "augment: got 'flip'; allowed: list of augmentations, or 'auto'"),
    ("augment", [{"name": "gamma", "range": [1]}], "augment[0].range: got [1]; allowed: list of 2 numbers"),
    ("augment", [{"name": "gamma", "range": [1, "b"]}], "augment[0].range[1]: got 'b'; allowed: number"),
    ("augment", None, "augment: got nothing; allowed: list of augmentations, or 'auto'"),
    ("postprocess", [{"name": "watershed", "seeds": {}}], "postprocess[0].seeds.channel: missing; allowed:"),
    ("train", {"steps": True}, "train.steps: got true; allowed: whole number >= 1, or 'auto'"),
    ("train", {"precision": "fp8"}, "train.precision: got 'fp8'; allowed: 'auto' | 'fp32' | 'bf16' | 'fp16'"),
    ("train", {1: 2}, "train[1]: unknown key; allowed: targets, losses"),
    ("train", {"targets": ["distance", "distance"]}, "train.targets: got 'distance' 2 times"),
    ("evaluate", {"baseline": "perhaps"}, "evaluate.baseline: got 'perhaps'; allowed: true or false"),
    (
        "train",
        {"losses": [{"name": "dice", "target": "distanse"}]},
        "train.losses[0].target: got 'distanse'; allowed: foreground, distance; did you mean 'distance'?",
    ),
    (
        "evaluate",
        {"metrics": ["matching", {"name": "scored", "channel": "distanse"}]},
        "evaluate.metrics[1].channel: got 'distanse'; allowed: foreground, distance; did you mean",
    ),
    ("evaluate", {"smallest_truth": -1}, "evaluate.smallest_truth: got -1; allowed: whole number >= 0"),
    (
        "evaluate",
        {"metrics": [{"name": "matching", "thresholds": [1, 0]}]},
        "evaluate.metrics[0]: thresholds [1.0, 0.0] fall; allowed: ascending thresholds",
    ),
]


@pytest.mark.parametrize(("section", "values", "line"), MISTAKES)
def test_one_mistake_is_one_line(minimal, section, values, line):
    lines = messages(minimal | {section: values})
    assert len(lines) == 1
    assert lines[0].startswith(f"config: {line}")


def test_lists_over_space_must_fit_the_axes(minimal):
    minimal["data"] |= {"axes": "CZYX", "voxel_size": [0.2, 0.2]}
    line = (
        "config: data.voxel_size: got 2 numbers; allowed: 3, one per spatial axis, since data.axes is 'CZYX'"
    )
    assert messages(minimal) == [line]


def test_a_loss_may_name_a_channel_of_a_target(minimal):
    minimal["train"] = {"targets": ["distance"], "losses": [{"name": "dice", "target": "distance-2"}]}
    assert parse_config(minimal).train.losses[0].target == "distance-2"
    minimal["train"]["losses"][0]["target"] = "foreground"
    assert "allowed: distance" in messages(minimal)[0]


@pytest.mark.parametrize("channel", ["auto", "foreground", "distance-2"])
def test_a_metric_may_name_a_channel_of_a_target(minimal, channel):
    minimal["evaluate"] = {"metrics": [{"name": "scored", "channel": channel}]}
    assert parse_config(minimal).evaluate.metrics[0].channel == channel


def test_a_metric_is_listed_once(minimal):
    minimal["evaluate"] = {"metrics": ["matching", {"name": "matching", "thresholds": [0.5]}]}
    assert messages(minimal) == [
        "config: evaluate.metrics: got 'matching' 2 times; allowed: each metric once"
    ]


def test_lists_over_space_are_put_in_the_order_of_arrays(minimal):
    minimal["data"] |= {"axes": "XYZ", "voxel_size": [0.1, 0.2, 0.3]}
    minimal |= {"patch": {"size": [10, 20, 30], "overlap": [1, 2, 3]}, "infer": {"chunk": [4, 5, 6]}}
    config = parse_config(minimal)
    assert config.data.voxel_size == [0.3, 0.2, 0.1]
    assert config.patch.size == [30, 20, 10]
    assert config.patch.overlap == [3, 2, 1]
    assert config.infer.chunk == [6, 5, 4]
    assert config.infer.block == "auto"


def test_a_file_is_named_in_every_line(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text("run: a\ntask: detection\ndata: {samples: a.csv}\ntrain: {stepz: 3, seed: -1}\n")
    with pytest.raises(BioLoomError) as error:
        load_config(path)
    assert str(error.value).splitlines() == [
        f"{path}: train.seed: got -1; allowed: whole number >= 0",
        f"{path}: train.stepz: unknown key; did you mean 'steps'?",
    ]


def test_options_may_lack_sections(tmp_path):
    path = tmp_path / "patch.yaml"
    path.write_text("patch: {size: [64, 64]}\n")
    config = load_options(path)
    assert config.patch.size == [64, 64]
    assert config.train.batch_size == "auto"
    assert parse_options({}).patch.size == "auto"
    with pytest.raises(BioLoomError, match=r"^options: patch.size: got 3; allowed"):
        parse_options({"patch": {"size": 3}})
