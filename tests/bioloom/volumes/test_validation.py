from dataclasses import replace
from pathlib import Path

import pytest

from bioloom.errors import BioLoomError
from bioloom.volumes.samples import Sample
from bioloom.volumes.validation import split_validation


def samples(count: int, split: str = "train", **fields) -> list[Sample]:
    return [Sample(f"{split}_{i}", split, Path(f"/none/{i}.tif"), **fields) for i in range(count)]


@pytest.mark.parametrize(
    ("count", "fraction", "moved"), [(2, 0.01, 1), (10, 0.2, 2), (10, 0.25, 2), (3, 0.99, 2)]
)
def test_the_share_of_validation_images(count, fraction, moved):
    before = samples(count) + samples(2, "test")
    after = split_validation(before, fraction, seed=0)
    assert [s.path for s in after] == [s.path for s in before]
    assert [s.split for s in after].count("val") == moved
    assert [s for s in after if s.split == "test"] == before[count:]


def test_the_choice_depends_on_the_seed_and_hardly_on_the_others():
    def chosen(count, seed):
        return {s.path for s in split_validation(samples(count), 0.3, seed) if s.split == "val"}

    assert chosen(20, 1) == chosen(20, 1)
    assert len({frozenset(chosen(20, seed)) for seed in range(20)}) > 10
    assert len(chosen(20, 1) & chosen(21, 1)) >= 5


def test_groups_stay_together():
    before = [replace(s, group=f"g{i // 4}") for i, s in enumerate(samples(16))]
    for seed in range(10):
        after = split_validation(before, 0.2, seed)
        splits = {group: {s.split for s in after if s.group == group} for group in {s.group for s in after}}
        assert all(len(found) == 1 for found in splits.values())
        assert sorted(s.split for s in after) == ["train"] * 12 + ["val"] * 4


def test_given_validation_images_are_kept():
    before = samples(4) + samples(1, "val")
    assert split_validation(before, 0.5, 0) == before
    assert split_validation(samples(1, "test"), 0.5, 0) == samples(1, "test")


def test_one_group_of_several_images_is_not_torn():
    with pytest.raises(BioLoomError, match=r"only one group.*give data\.val, or training images of another"):
        split_validation(samples(3, group="g"), 0.2, 0)


@pytest.mark.parametrize("group", [None, "g"])
def test_the_only_training_image_becomes_two_parts(group):
    before = [*samples(1, "test"), *samples(1, group=group, labels=Path("/none/l.tif"))]
    test, learn, validate = split_validation(before, 0.2, 0)
    assert test == before[0]
    assert learn == replace(before[1], part="0:0.8")
    assert validate == replace(before[1], split="val", image="val_0", part="0.8:1")
    assert split_validation(before, 0.2, seed=5) == [test, learn, validate]
