"""`bioloom check`: every kind of bad input is told, all at once, one line each."""

import numpy as np
import pytest
import tifffile
import yaml
from PIL import Image

RNG = np.random.default_rng(0)


@pytest.fixture
def check(bioloom, tmp_path):
    """Check a config given as a mapping."""

    def run(values, *flags):
        path = tmp_path / "my.yaml"
        path.write_text(yaml.safe_dump(values))
        return bioloom("check", path, *flags)

    return run


@pytest.fixture
def own(config, tmp_path, pair):
    """A config whose training images are two files of its own; returns it and the folder of the files."""
    values = RNG.integers(0, 200, (2, 40, 50)).astype(np.uint8)
    for name, image in zip("xy", values, strict=True):
        pair(tmp_path / "own", name, image, (image > 100).astype(np.uint8))
    config["data"]["train"] = {k: f"{tmp_path}/own/{k}" for k in ("images", "labels")}
    return config, tmp_path / "own"


def write(path, values, axes="YX", **more):
    """Write a file with a voxel size of half a micrometre, as those of `pair` have it."""
    known = {"axes": axes, "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    tifffile.imwrite(path, values, **{"photometric": "minisblack", "metadata": known, **more})


def test_nothing_wrong(check, config):
    done = check(config)
    assert (done.code, done.errors) == (0, [])
    table = [line.split() for line in done.out.splitlines()]
    assert table[1] == ["train", "2", "64", "x", "64", "uint8", "0.5", "x", "0.5", "1", "10"]
    assert table[4] == ["predict", "1", "64", "x", "64", "uint8", "0.5", "x", "0.5", "1", "-"]
    assert "learn from 2 images, validate on 1 image, score on 1 image, predict 1 image" in done.out
    assert "advice" not in done.out
    assert "no mistakes; next: snakemake --cores all --configfile" in done.out


def test_quick_looks_at_headers_only(check, own):
    config, folder = own
    write(folder / "images" / "x.ome.tif", np.zeros((40, 50), np.uint8))
    assert check(config, "--quick").code == 0
    assert check(config).code == 1


def test_operations_are_checked_before_anything_is_learned(check, config):
    done = check(config | {"postprocess": ["peaks"]})
    assert done.code == 1
    assert done.errors == [
        "postprocess: the prediction has no channel 'points'; allowed: foreground, contour, "
        "distance, center; fix: add the target points to train.targets, or name another channel"
    ]


def test_losses_and_patches_are_checked_before_anything_is_learned(check, config):
    config["train"]["losses"] = ["dice", "dice"]
    config["model"] = {"name": "unet", "pooling": [[2, 2], [2, 2]]}
    config["infer"]["patch_size"] = [50, 64]
    done = check(config | {"postprocess": ["peaks"]})
    assert [line.partition(";")[0].partition(", whose")[0] for line in done.errors] == [
        "postprocess: the prediction has no channel 'points'",
        "train.losses: dice is listed twice",
        "infer.patch_size: [50, 64] does not fit the network",
    ]


def test_all_mistakes_at_once(check, own):
    config, folder = own
    write(folder / "images" / "x.ome.tif", np.zeros((40, 50), np.uint8))
    tifffile.imwrite(folder / "labels" / "y.ome.tif", np.ones((40, 50), np.float32))
    config["data"]["test"]["images"] += "-wrong"
    config["train"]["stepz"] = config["train"].pop("steps")
    done = check(config)
    assert done.code == 1
    says = (
        "train.stepz: unknown key",
        "data.test.images: there is no",
        "x.ome.tif is constant",
        "y.ome.tif are of type float32",
    )
    assert len(done.errors) == len(says)
    for line, words in zip(done.errors, says, strict=True):
        assert words in line


CONFIGS = {
    "an unknown key": (("trian",), {}, "trian: unknown key; did you mean 'train'?"),
    "a mistyped option": (("train", "stepz"), 3, "train.stepz: unknown key; did you mean 'steps'?"),
    "a wrong type": (("train", "steps"), "many", "train.steps: got 'many'"),
    "an unknown task": (("task",), "instance_segmentatoin", "did you mean 'instance_segmentation'?"),
    "an unknown model": (("model",), "unett", "unknown model 'unett'"),
    "an unknown loss": (("train", "losses"), ["dise"], "did you mean 'dice'?"),
    "an unknown metric": (("evaluate",), {"metrics": ["matchin"]}, "did you mean 'matching'?"),
    "an unknown operation": (("postprocess",), ["watershet"], "did you mean 'watershed'?"),
    "a wrong folder": (("data", "test", "images"), "/no/where", "data.test.images: there is no /no/where"),
    "a voxel size of zero": (("data", "voxel_size"), [0, 1], "data.voxel_size"),
    "too many axes": (("patch",), {"size": [32, 32, 32]}, "patch.size has 3 numbers"),
    "no training images": (("data", "train"), None, "there are no training images; fix: give data.train"),
    "no labels to learn from": (
        ("data", "train", "labels"),
        None,
        "data.train: no labels for a.ome.tif and 1 more",
    ),
    "no labels to score on": (("data", "test", "labels"), None, "or put them under data.predict"),
}


@pytest.mark.parametrize(("keys", "value", "says"), CONFIGS.values(), ids=CONFIGS)
def test_mistakes_of_a_config(check, config, keys, value, says):
    section = config
    for key in keys[:-1]:
        section = section[key]
    section[keys[-1]] = value
    if keys == ("patch",):
        section["infer"].update(patch_size=[32, 32, 32], chunk=[3, 3, 3])
    done = check(config)
    assert done.code == 1
    assert says in done.errors[0]
    assert len(done.errors) == (3 if keys == ("patch",) else 1)
    assert done.out == ""


def half_of(path):
    path.write_bytes(path.read_bytes()[:700])


NOISE = RNG.integers(1, 200, (40, 50)).astype(np.uint8)
NAN = np.where(NOISE > 190, np.nan, NOISE).astype(np.float32)
ZERO = {"metadata": {"axes": "YX", "PhysicalSizeX": 0.0, "PhysicalSizeY": 0.5}}
FILES = {
    "float labels": (
        lambda f: write(f / "labels/x.ome.tif", NOISE.astype(float)),
        "are of type float64; allowed: integers",
    ),
    "colour labels": (
        lambda f: write(f / "labels/x.ome.tif", np.stack([NOISE] * 3, -1), "YXS", photometric="rgb"),
        "have 3 channels",
    ),
    "negative labels": (lambda f: write(f / "labels/x.ome.tif", -NOISE.astype(np.int16)), "negative numbers"),
    "labels of another shape": (lambda f: write(f / "labels/x.ome.tif", NOISE[1:]), "39 x 50 voxels"),
    "NaN": (lambda f: write(f / "images/x.ome.tif", NAN), "voxels that are NaN or infinite"),
    "a constant image": (
        lambda f: write(f / "images/x.ome.tif", NOISE * 0 + 7),
        "is constant (every voxel is 7)",
    ),
    "a truncated file": (lambda f: half_of(f / "images/x.ome.tif"), "truncated or damaged"),
    "truncated labels": (lambda f: half_of(f / "labels/x.ome.tif"), "truncated or damaged"),
    "another number of channels": (
        lambda f: write(f / "images/x.ome.tif", np.stack([NOISE] * 2), "CYX"),
        "2 channel(s)",
    ),
    "a voxel size of zero": (lambda f: write(f / "images/x.ome.tif", NOISE, **ZERO), "voxel size 0.5 x 0"),
    "an image without labels": (lambda f: (f / "labels/x.ome.tif").unlink(), "no labels for 1 image: x"),
    "labels without an image": (lambda f: (f / "images/x.ome.tif").unlink(), "no image for 1 label file: x"),
    "stems that do not pair": (
        lambda f: (f / "labels/x.ome.tif").rename(f / "labels/z.ome.tif"),
        "no labels for 1 image: x (labels are called y, z)",
    ),
    "an empty folder": (lambda f: [p.unlink() for p in (f / "images").iterdir()], "holds no image"),
}


@pytest.mark.parametrize(("spoil", "says"), FILES.values(), ids=FILES)
def test_mistakes_of_files(check, own, spoil, says):
    config, folder = own
    spoil(folder)
    done = check(config)
    assert done.code == 1
    assert any(says in line for line in done.errors), done.errors
    others = [line for line in done.errors if says not in line]
    # what all other images have in common is compared with the first one, which here is the odd one
    assert all("2 channel(s)" in line for line in others)


def test_only_one_training_image(check, config):
    config["data"]["train"]["images"] += "/a.ome.tif"
    del config["data"]["val"]
    done = check(config)
    assert (done.code, done.errors) == (0, [])
    table = [line.split() for line in done.out.splitlines()]
    assert table[1][:5] == ["train", "1", "35", "x", "64"]
    assert table[2][:5] == ["val", "1", "13", "x", "64"]
    assert "y = 51 to 63 of 0 to 63 of a.ome.tif is set aside for validation" in done.out


def test_the_only_training_image_is_too_small(check, own):
    config, folder = own
    del config["data"]["val"]
    (folder / "images" / "y.ome.tif").unlink()
    (folder / "labels" / "y.ome.tif").unlink()
    (line,) = check(config).errors
    assert "x.ome.tif is the only training image, and its longest axis of 50 voxels is too short" in line
    assert "fix: give data.val, add training images, or change data.val_fraction" in line


def test_time_points(check, own):
    config, folder = own
    for kind, values in (("images", RNG.integers(0, 200, (3, 40, 50))), ("labels", np.ones((3, 40, 50)))):
        write(folder / kind / "x.ome.tif", values.astype(np.uint8), "TYX")
    done = check(config)
    assert (done.code, done.errors) == (0, [])
    assert done.out.splitlines()[1].split()[:2] == ["train", "4"]
    assert "every time point is an image of its own: 3 in x.ome.tif" in done.out
    write(folder / "labels" / "x.ome.tif", np.ones((40, 50), np.uint8))
    (line,) = check(config).errors
    assert "x.ome.tif hold one time point, the image" in line


def test_advice(check, config, tmp_path):
    del config["data"]["val"]
    config["patch"] = {"size": [128, 128]}
    (tmp_path / "test").mkdir()
    known = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.8}
    write(
        tmp_path / "test" / "constant.ome.tif", np.zeros((30, 64), np.uint8), metadata={"axes": "YX", **known}
    )
    config["data"]["predict"]["images"] = str(tmp_path / "test")
    done = check(config)
    assert done.code == 0, done.errors  # nothing is learned from that image, so it may be constant
    advice = [line for line in done.out.splitlines() if line.startswith("advice: ")]
    assert len(advice) == 3
    assert "constant.ome.tif has voxels of 0.8 x 0.5 um, the training images have 0.5 x 0.5 um; " in advice[0]
    assert "set aside from data.train for validation: val_" in advice[1]
    assert "128 x 128 exceeds the smallest image side (30 x 64)" in advice[2]


def test_known_and_unknown_voxel_sizes(check, config, tmp_path):
    (tmp_path / "predict").mkdir()
    Image.fromarray(NOISE).save(tmp_path / "predict" / "bare.png")
    config["data"]["predict"]["images"] = str(tmp_path / "predict")
    (line,) = check(config).errors
    assert "bare.png is unknown, that of" in line
    assert "is 0.5 x 0.5 um; allowed: images of one run whose voxel sizes are all known" in line
    assert "fix: set data.voxel_size" in line
    config["data"]["voxel_size"] = [0.5, 0.5]
    assert check(config).code == 0


@pytest.fixture
def classes(own):
    """The config of `own` for classes, with labels of the two training images to be changed."""
    config, folder = own
    config |= {"task": "semantic_segmentation", "postprocess": "auto"}
    config["data"] = {"train": config["data"]["train"]}
    return config, folder


def write_labels(folder, *values):
    for name, labels in zip("xy", values, strict=True):
        tifffile.imwrite(folder / "labels" / f"{name}.ome.tif", labels)


def test_classes_are_listed(check, classes):
    config, folder = classes
    write_labels(folder, *[(NOISE > 100).astype(np.uint8) * 255] * 2)
    done = check(config)
    assert done.code == 0, done.errors
    table = [line.split() for line in done.out.splitlines()]
    assert table[0][-1] == "classes"
    assert table[1][-2:] == ["0,", "255"]


@pytest.mark.parametrize(
    ("labels", "data", "expected"),
    [
        ((NOISE > 100) * 3, {"classes": [0, 1]}, "hold the class 3; allowed: 0, 1 (data.classes); fix: "),
        (NOISE * 0, {}, "the training labels hold the class 0 only; allowed: two classes or more"),
        (NOISE * 0 + 1, {}, "the training labels hold the class 1 only"),
        ((NOISE > 100) * 9, {"ignore": 9}, "the training labels hold the class 0 only"),
        (np.arange(2000).reshape(40, 50), {}, "hold 2000 different numbers up to 1999; allowed: up to 64"),
        ((NOISE > 100).astype(np.float32), {}, "are of type float32; allowed: integers"),
        (np.stack([NOISE] * 3, -1), {}, "have 3 channels"),
    ],
)
def test_labels_that_tell_no_classes(check, classes, labels, data, expected):
    config, folder = classes
    values = labels if labels.dtype.kind == "f" else labels.astype(np.uint16)
    write_labels(folder, values, values)
    done = check(config | {"data": {**config["data"], **data}})
    assert done.code == 1
    assert any(expected in line for line in done.errors), done.errors


def test_classes_where_labels_tell_none(check, config):
    done = check(config | {"data": {**config["data"], "classes": [0, 1]}})
    assert done.code == 1
    assert "data.train.classes: there are none in data.train" in done.errors[0]
