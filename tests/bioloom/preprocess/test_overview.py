from dataclasses import replace
from pathlib import Path

import pytest

from bioloom.preprocess.check import Checked, Seen
from bioloom.preprocess.overview import advice, overview
from bioloom.settings import parse_config
from bioloom.volumes.samples import Sample


def seen(name, split, shape=(30, 40), spacing=(0.5, 0.25), objects=3, times=1, part="", **facts):
    sample = Sample(f"{split}_{name}", split, Path(f"{name}.tif"), part=part)
    return Seen(sample, shape, 1, "uint8", spacing, objects, times, facts)


def checked(*images, **changes):
    data = {split: {"images": "a", "labels": "b"} for split in ("train", "val")}
    config = {"run": "a", "task": "instance_segmentation", "data": data} | changes
    return Checked(parse_config(config), [s.sample for s in images], list(images))


def test_a_table_of_the_splits():
    images = [
        seen("a", "train"),
        seen("b", "train", shape=(30, 64)),
        seen("c", "test"),
        seen("d", "predict", objects=None),
    ]
    lines = overview(checked(*images), "my.yaml").splitlines()
    assert lines[:4] == [
        "split    images  voxels       type   voxel size (um)  channels  objects",
        "train    2       30 x 40..64  uint8  0.5 x 0.25       1         6",
        "test     1       30 x 40      uint8  0.5 x 0.25       1         3",
        "predict  1       30 x 40      uint8  0.5 x 0.25       1         -",
    ]
    assert lines[5:] == [
        "the run will learn from 2 images, score on 1 image, predict 1 image without labels",
        "no mistakes; next: snakemake --cores all --configfile my.yaml",
    ]


def test_what_is_not_just_one_image_a_file():
    region = {"axis": "y", "start": 205, "stop": 256, "of": 256}
    images = [
        seen("a", "train", part="0:0.8"),
        seen("a", "val", part="0.8:1", region=region),
        seen("b", "test", times=12),
        seen("c", "test", times=9),
        seen("d", "predict", shape=(7, 30, 40), objects=None),
    ]
    lines = overview(checked(*images, patch={"size": [16, 16]}), "my.yaml").splitlines()
    assert [line.split()[:2] for line in lines[1:4]] == [["train", "1"], ["val", "1"], ["test", "21"]]
    assert lines[6:-1] == [
        "the run will learn from 1 image, validate on 1 image, score on 21 images, predict 1 image "
        "without labels",
        "every time point is an image of its own: 12 in b.tif, 9 in c.tif",
        "no data.val, and only one training image: y = 205 to 255 of 0 to 255 of a.tif is set aside for "
        "validation, with a gap before it",
        "the network learns from 2D images; plane by plane it predicts 1 image in 3D",
    ]


@pytest.mark.parametrize(
    ("image", "changes", "says"),
    [
        (seen("a", "train", spacing=None), {}, "the voxel size of 1 of 1 images is unknown"),
        (seen("a", "train"), {"patch": {"size": [32, 32]}}, "exceeds the smallest image side (30 x 40)"),
        (seen("a", "train", objects=0), {}, "nothing is labelled in a.tif"),
        (
            seen("c", "val"),
            {"data": {"train": {"images": "a", "labels": "b"}}},
            "set aside from data.train for validation: val_c",
        ),
    ],
)
def test_advice(image, changes, says):
    (line,) = advice(checked(image, **changes))
    assert says in line


def test_advice_for_voxels_of_another_size():
    images = [
        seen("a", "train", spacing=(0.3, 0.3)),
        seen("b", "train", spacing=(0.3, 0.3)),
        seen("c", "val", spacing=(0.33, 0.3)),
        seen("d", "test", spacing=(0.3, 0.6), times=3),
        seen("e", "predict", shape=(7, 30, 40), spacing=(2.0, 0.3, 0.3), objects=None),
        seen("f", "predict", spacing=(0.2, 0.3), objects=None),
    ]
    (line,) = advice(checked(*images))
    assert line.startswith(
        "d.tif (one of 4 such images) has voxels of 0.3 x 0.6 um, the training images have 0.3 x 0.3 um; "
    )
    assert "objects look larger or smaller" in line
    assert list(advice(checked(*images[:3], images[4]))) == []


@pytest.mark.parametrize("packs", [201, 200, 3])
def test_advice_for_a_table_of_many_images(packs):
    samples = [Sample(f"test_{n}", "test", Path(f"{n}.tif"), pack=str(n % packs)) for n in range(300)]
    found = checked()
    found.samples += samples
    lines = list(advice(found))
    assert len(lines) == (packs > 200)
    assert all("data.samples makes 201 packs" in line for line in lines)


def test_no_advice_where_all_is_well():
    images = [seen("a", "train"), seen("c", "val")]
    assert list(advice(checked(*images, patch={"size": [16, 16]}))) == []


def test_classes_are_listed_and_not_counted():
    images = [replace(seen("a", "train"), classes=(0, 2)), replace(seen("b", "train"), classes=(0, 7))]
    lines = overview(checked(*images), "my.yaml").splitlines()
    assert lines[0].endswith("classes")
    assert lines[1].endswith("0, 2, 7")
