import numpy as np
import pytest
import tifffile
import yaml

from bioloom.errors import BioLoomError
from bioloom.preprocess.check import Checked, check_run

SHAPES = {2: (30, 40), 3: (6, 20, 30)}


@pytest.fixture
def work(tmp_path):
    """Write images, labels and a config; returns the path of the config."""

    def write(ndim, images=3, **changes):
        generator = np.random.default_rng(0)
        for folder in ("images", "labels"):
            (tmp_path / folder).mkdir()
        for number in range(images):
            values = generator.integers(0, 200, SHAPES[ndim])
            np.save(tmp_path / "images" / f"{number}.npy", values.astype(np.uint16))
            np.save(tmp_path / "labels" / f"{number}.npy", (values // 50).astype(np.uint8))
        data = {"train": {k: f"{tmp_path}/{k}" for k in ("images", "labels")}}
        path = tmp_path / "my.yaml"
        path.write_text(yaml.safe_dump({"run": "a", "task": "instance_segmentation", "data": data} | changes))
        return path

    return write


@pytest.mark.parametrize("ndim", SHAPES)
def test_what_is_seen(work, ndim):
    found = check_run(work(ndim))
    assert found.mistakes == []
    assert found.config.run == "a"
    assert [seen.sample.split for seen in found.seen] == ["train", "train", "val"]
    assert {seen.shape for seen in found.seen} == {SHAPES[ndim]}
    assert {(seen.dtype, seen.channels, seen.spacing, seen.objects) for seen in found.seen} == {
        ("uint16", 1, None, 3)
    }


def test_headers_only(work):
    assert {seen.objects for seen in check_run(work(2), values=False).seen} == {None}


def test_both_files_of_a_pair_are_looked_at(work, tmp_path):
    path = work(2)
    np.save(tmp_path / "images" / "0.npy", np.full(SHAPES[2], np.nan, np.float32))
    np.save(tmp_path / "labels" / "0.npy", np.full((3, 3), -1, np.int16))
    mistakes = check_run(path).mistakes
    assert len(mistakes) == 3
    for line, words in zip(
        mistakes, ("3 x 3 voxels", "1200 voxels that are NaN", "negative numbers"), strict=True
    ):
        assert words in line


def test_the_files_are_looked_at_although_the_config_has_mistakes(work, tmp_path):
    path = work(2, trian={})
    np.save(tmp_path / "labels" / "1.npy", np.ones(SHAPES[2]))
    found = check_run(path)
    assert found.config is None
    assert "trian: unknown key" in found.mistakes[0]
    assert "of type float64" in found.mistakes[1]
    assert len(found.mistakes) == 2
    assert len(found.seen) == 3


def test_every_split_is_looked_at_although_one_is_faulty(work, tmp_path):
    path = work(2)
    values = yaml.safe_load(path.read_text())
    values["data"] |= {"test": {"images": "/no/where"}, "predict": {"images": "/no/how"}}
    path.write_text(yaml.safe_dump(values))
    np.save(tmp_path / "images" / "2.npy", np.zeros(SHAPES[2]))
    found = check_run(path)
    assert ["/no/where" in found.mistakes[0], "/no/how" in found.mistakes[1]] == [True, True]
    assert "2.npy is constant" in found.mistakes[2]


def test_a_config_that_cannot_be_read(tmp_path):
    (tmp_path / "my.yaml").write_text("run: [")
    found = check_run(tmp_path / "my.yaml")
    assert len(found.mistakes) == 1
    assert found.seen == []


def test_a_mistake_is_told_once():
    checked = Checked()
    for _ in range(2):
        with checked.noting():
            raise BioLoomError("twice")
    assert checked.mistakes == ["twice"]


def write_files(folder, **arrays):
    """Write ``train_0=...`` as ``train/0.npy``, and labels of the same shape."""
    for name, values in arrays.items():
        split, _, number = name.partition("_")
        for kind, array in (("images", values), ("labels", values // 50)):
            (folder / split / kind).mkdir(parents=True, exist_ok=True)
            np.save(folder / split / kind / f"{number}.npy", array.astype(np.uint16))


def noise(*shape):
    return np.random.default_rng(0).integers(0, 200, shape)


@pytest.fixture
def splits(tmp_path):
    """Write files and a config of their splits; returns what is found out."""

    def check(axes=None, **arrays):
        write_files(tmp_path, **arrays)
        folders = sorted({name.partition("_")[0] for name in arrays})
        data = {s: {k: f"{tmp_path}/{s}/{k}" for k in ("images", "labels")} for s in folders}
        path = tmp_path / "my.yaml"
        config = {"run": "a", "task": "instance_segmentation", "data": data | {"axes": axes}}
        path.write_text(yaml.safe_dump(config))
        return check_run(path)

    return check


def test_time_points_are_seen(splits):
    found = splits("TYX", train_0=noise(5, 30, 40), train_1=noise(3, 30, 40), val_2=noise(1, 30, 40))
    assert found.mistakes == []
    assert [(seen.times, seen.shape, seen.objects) for seen in found.seen] == [
        (5, (30, 40), 15),
        (3, (30, 40), 9),
        (1, (30, 40), 3),
    ]


def test_every_faulty_time_point_is_told(splits, tmp_path):
    splits("TYX", train_0=noise(4, 30, 40), train_1=noise(4, 30, 40))
    image = noise(4, 30, 40).astype(np.float32)
    image[1], image[3] = np.nan, 7
    np.save(tmp_path / "train" / "images" / "0.npy", image)
    np.save(tmp_path / "train" / "labels" / "0.npy", np.ones((2, 30, 40), np.uint8))
    lines = check_run(tmp_path / "my.yaml").mistakes
    assert len(lines) == 3
    says = ("0.npy hold 2 time points", "0.npy (time point 1) holds 1200", "0.npy (time point 3) is constant")
    for line, words in zip(lines, says, strict=True):
        assert words in line


def test_the_only_training_image_is_seen_as_two(splits):
    found = splits(train_0=noise(30, 100))
    assert found.mistakes == []
    assert [(seen.sample.split, seen.shape) for seen in found.seen] == [
        ("train", (30, 64)),
        ("val", (30, 20)),
    ]


def test_the_only_training_image_is_too_small(splits):
    (line,) = splits(train_0=noise(30, 40)).mistakes
    assert "0.npy is the only training image" in line
    assert "40 voxels is too short" in line


def test_volumes_suit_a_network_of_planes(splits):
    planes = {"train_0": noise(30, 40), "val_1": noise(30, 40), "predict_2": noise(40, 30)}
    assert splits(**planes, test_3=noise(6, 30, 40), test_4=noise(7, 30, 40)).mistakes == []
    lines = splits(**planes, test_3=noise(6, 30, 40), test_4=noise(30, 40)).mistakes
    assert len(lines) == 1
    assert "4.npy has 1 channel(s) and 2 spatial axes" in lines[0]


@pytest.mark.parametrize("odd", ["val_1", "test_1"])
def test_planes_do_not_suit_a_network_of_volumes(splits, odd):
    lines = splits(train_0=noise(6, 30, 70), train_2=noise(6, 30, 70), **{odd: noise(30, 40)}).mistakes
    assert len(lines) == 1
    assert "1.npy has 1 channel(s) and 2 spatial axes" in lines[0]


def test_volumes_to_validate_on_do_not_suit_planes(splits):
    """Patches to validate on are those of training."""
    (line,) = splits(train_0=noise(30, 40), val_1=noise(6, 30, 40)).mistakes
    assert "1.npy has 1 channel(s) and 3 spatial axes" in line


def test_classes_of_objects_are_looked_at(work, tmp_path):
    data = {"train": {k: f"{tmp_path}/{k}" for k in ("images", "labels", "classes")}}
    (tmp_path / "classes").mkdir()
    path = work(2, data=data)
    for number in range(3):
        (tmp_path / "classes" / f"{number}.csv").write_text("label,class\n1,1\n2,2\n3,1\n")
    assert check_run(path).mistakes == []
    (tmp_path / "classes/0.csv").write_text("label,class\n1,one\n")
    (tmp_path / "classes/1.csv").write_text("label,class\n1,1\n")
    np.save(tmp_path / "classes/2.npy", np.ones((3, 3), np.uint8))
    data["train"]["classes"] = [f"{tmp_path}/classes/{name}" for name in ("0.csv", "1.csv", "2.npy")]
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"data": data}))
    mistakes = check_run(path).mistakes
    assert len(mistakes) == 3
    for words in ("class 'one'", "2 of the 3 objects", "2.npy are 3 x 3 voxels"):
        assert sum(words in line for line in mistakes) == 1


def test_classes_beside_labels_that_are_wrong_themselves(work, tmp_path):
    data = {"train": {k: f"{tmp_path}/{k}" for k in ("images", "labels", "classes")}}
    (tmp_path / "classes").mkdir()
    path = work(2, data=data)
    for number in range(3):
        np.save(tmp_path / "classes" / f"{number}.npy", np.arange(1200).reshape(30, 40) % 2 + 1)
    assert check_run(path).mistakes == []
    np.save(tmp_path / "labels" / "0.npy", np.ones((40, 50), np.uint8))
    (tmp_path / "images" / "1.npy").write_bytes(b"nothing")
    np.save(tmp_path / "classes" / "1.npy", np.ones((7, 7), np.uint8))
    mistakes = check_run(path).mistakes
    assert len(mistakes) == 3
    for words in ("labels/0.npy are 40 x 50 voxels", "images/1.npy", "classes/1.npy are 7 x 7 voxels"):
        assert sum(words in line for line in mistakes) >= 1


def test_objects_of_one_class_and_other_mistakes_are_seen_at_once(work, tmp_path):
    data = {"train": {k: f"{tmp_path}/{k}" for k in ("images", "labels", "classes")}}
    (tmp_path / "classes").mkdir()
    path = work(2, data=data)
    for number in range(3):
        np.save(tmp_path / "classes" / f"{number}.npy", np.full((30, 40), 4, np.uint8))
    mistakes = check_run(path).mistakes
    assert len(mistakes) == 1
    assert "the training objects are all of class 4" in mistakes[0]
    (tmp_path / "labels" / "2.npy").write_bytes(b"nothing")
    path.write_text(path.read_text() + "train: {steps: -4}\n")
    assert {"steps" in line for line in check_run(path).mistakes} == {True, False}


@pytest.mark.parametrize("values", [True, False])
@pytest.mark.parametrize("ndim", SHAPES)
def test_known_and_unknown_voxel_sizes_do_not_go_together(work, tmp_path, ndim, values):
    path = work(ndim, images=4)
    for number in (0, 1):
        image = np.load(tmp_path / "images" / f"{number}.npy").astype(np.uint16)
        (tmp_path / "images" / f"{number}.npy").unlink()
        metadata = {"axes": "ZYX"[-ndim:], "unit": "um", "spacing": 2.0}
        more = {"imagej": True, "resolution": (4.0, 4.0), "metadata": metadata}
        tifffile.imwrite(tmp_path / "images" / f"{number}.tif", image, **more)
    (line,) = check_run(path, values=values).mistakes
    assert "/2.npy (and of 1 more) is unknown, that of" in line or "/3.npy (and of 1 more)" in line
    assert "0.25 x 0.25 um; allowed: " in line
    text = yaml.safe_load(path.read_text())
    text["data"]["voxel_size"] = [1.0, 0.25, 0.25][-ndim:]
    path.write_text(yaml.safe_dump(text))
    assert check_run(path, values=values).mistakes == []
