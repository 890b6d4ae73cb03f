import numpy as np
import pytest
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
