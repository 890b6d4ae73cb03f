from pathlib import Path

import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.preprocess.meaning import MOST_CLASSES, Meaning, meaning_of
from bioloom.settings import parse_options


def check(ids, **meaning):
    Meaning("classes", **meaning).check(Path("a.tif"), np.array(ids))


def test_numbers_of_objects_may_be_any():
    Meaning("objects").check(Path("a.tif"), np.arange(10**5))


def test_ids_that_are_declared_or_ignored():
    check([0, 1, 2], classes=[0, 1, 2, 5])
    check([0, 1, 255], classes=[0, 1], ignore=255)
    check([0, 255])


def test_ids_that_are_not_declared():
    with pytest.raises(
        BioLoomError,
        match=r"a.tif hold the class 3, 7; allowed: 0, 1 \(data.classes\), and 255 for voxels to ignore; ",
    ):
        check([0, 3, 7, 255], classes=[0, 1], ignore=255)


def test_numbers_of_objects_are_no_classes():
    check(range(MOST_CLASSES))
    with pytest.raises(BioLoomError, match="hold 65 different numbers up to 64; allowed: up to 64 class ids"):
        check(range(MOST_CLASSES + 1))
    with pytest.raises(BioLoomError, match="hold 2 different numbers up to 70000"):
        check([0, 70000])


def test_the_meaning_follows_from_the_task():
    classes = parse_options({"task": "semantic_segmentation", "data": {"classes": [1, 0], "ignore": 3}})
    assert meaning_of(classes) == Meaning("classes", [0, 1], 3)
    assert meaning_of(parse_options({"task": "instance_segmentation"})).truth == "objects"
    assert meaning_of(parse_options({})).truth == "objects"
