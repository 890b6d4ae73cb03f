import pytest
import yaml

from bioloom.errors import BioLoomError
from bioloom.settings import parse_options
from bioloom.settings.resolve import read_calibration, read_fingerprint, resolve, sizes

SETTLED = {
    "patch.size": {"value": [64, 32], "reason": ""},
    "patch.overlap": {"value": [16, 8], "reason": ""},
    "model.pooling": {"value": [[2, 2], [2, 2]], "reason": ""},
    "infer.block": {"value": [256, 256], "reason": ""},
    "postprocess.min_voxels": {"value": 8, "reason": ""},
    "postprocess.radius_um": {"value": 2.5, "reason": ""},
}


def test_auto_takes_what_was_settled_and_the_rest_stays():
    config = resolve(parse_options({"patch": {"overlap": [4, 4]}, "train": {"seed": 3}}), SETTLED)
    assert config.patch.size == [64, 32]
    assert config.patch.overlap == [4, 4]
    assert config.model.pooling == [[2, 2], [2, 2]]
    assert config.train.seed == 3
    assert config.train.steps == "auto"  # nobody settled it


def test_what_stands_for_auto_in_operations():
    assert sizes(SETTLED) == {"min_voxels": 8, "radius_um": 2.5}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"model": {"name": "unet", "kernel": [[3, 3]] * 5}},
            "^model: lists for different numbers of levels",
        ),
        ({"patch": {"size": [64, 64, 64]}}, "patch.size has 3, patch.overlap has 2"),
        ({"infer": {"chunk": [2, 2, 2]}}, "infer.chunk has 3"),
        (
            {"infer": {"patch_size": [50, 32]}},
            r"infer.patch_size: .50, 32. .* fix: infer.patch_size: .48, 32. or",
        ),
        (
            {"patch": {"overlap": [32, 8]}},
            "patch.overlap: got .32, 8.; allowed: less than half of patch.size",
        ),
    ],
)
def test_options_that_do_not_suit(options, says):
    with pytest.raises(BioLoomError, match=says) as error:
        resolve(parse_options(options), SETTLED)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content", [{}, {"facts": {}}, {"facts": 3, "resolved": {}}, {"facts": {}, "resolved": {"a": 3}}]
)
def test_what_is_no_fingerprint(tmp_path, content):
    path = tmp_path / "fingerprint.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(BioLoomError, match="is no fingerprint"):
        read_fingerprint(path)


def test_a_fingerprint(tmp_path):
    path = tmp_path / "fingerprint.yaml"
    path.write_text(yaml.safe_dump({"facts": {"ndim": 2}, "resolved": SETTLED}))
    assert read_fingerprint(path) == {"facts": {"ndim": 2}, "resolved": SETTLED}


def test_a_calibration(tmp_path):
    path = tmp_path / "calibration.yaml"
    path.write_text("thresholds: {foreground: 0.4, seed: 1}\n")
    assert read_calibration(path) == {"foreground": 0.4, "seed": 1}
    path.write_text("thresholds: {foreground: high}\n")
    with pytest.raises(BioLoomError, match="holds no thresholds"):
        read_calibration(path)
