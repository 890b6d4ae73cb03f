"""Classes of objects, from files to the stores of labels and the fingerprint."""

import logging

import numpy as np
import pandas as pd
import pytest
import tifffile

from bioloom.errors import BioLoomError
from bioloom.preprocess import NORMALIZATIONS, slabs
from bioloom.preprocess.convert import convert_sample
from bioloom.preprocess.fingerprint import ImageFacts, take_fingerprint
from bioloom.preprocess.meaning import Meaning
from bioloom.volumes.object_classes import read_classes
from bioloom.volumes.parts import split_parts
from bioloom.volumes.samples import Sample

SHAPES = {2: (40, 110), 3: (6, 40, 110)}


def picture(ndim, seed=0):
    """Return labels with gaps in their ids, and classes that agree with them for the most part."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(SHAPES[ndim], np.uint32)
    classes = np.zeros(SHAPES[ndim], np.uint8)
    for column in range(10):
        own = (..., slice(4, 30), slice(11 * column + 1, 11 * column + 10))
        labels[own] = 100 + 7 * column
        classes[own] = rng.integers(1, 4)
    wrong = rng.random(labels.shape) < 0.2
    classes[wrong] = rng.integers(0, 4, wrong.sum())
    return labels, classes


def by_hand(labels, classes, ignore=None):
    found = {}
    for label in np.unique(labels[labels > 0]).tolist():
        inside = classes[(labels == label) & (classes > 0) & (classes != (ignore or -1))]
        if inside.size:
            found[label] = str(np.bincount(inside).argmax())
    return found


def write(folder, labels, classes, **axes):
    folder.mkdir(exist_ok=True)
    axes = axes or {"axes": "ZYX"[-labels.ndim :]}
    image = np.random.default_rng(1).integers(0, 900, labels.shape).astype(np.uint16)
    for name, values in (("image", image), ("labels", labels), ("classes", classes)):
        if isinstance(values, np.ndarray):
            tifffile.imwrite(folder / f"{name}.tif", values, metadata=axes, photometric="minisblack")
        else:
            rows = "".join(f"{label},{class_}\n" for label, class_ in values.items())
            (folder / f"{name}.csv").write_text(f"label,class\n{rows}")
    file = "classes.tif" if isinstance(classes, np.ndarray) else "classes.csv"
    return Sample("train_x", "train", folder / "image.tif", folder / "labels.tif", folder / file)


def convert(sample, folder, **meaning):
    normalize = NORMALIZATIONS.parse("percentile")
    where = folder / "run/images", folder / "run/labels"
    found = convert_sample(
        sample, *where, axes=None, voxel_size=None, normalize=normalize, meaning=Meaning(**meaning)
    )
    return [read_classes(entry.path) for _, entry in found]


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("small", [False, True])
def test_most_voxels_of_an_object_decide(tmp_path, monkeypatch, caplog, ndim, small):
    if small:
        monkeypatch.setattr(slabs, "SLAB_BYTES", 1)
    labels, classes = picture(ndim)
    with caplog.at_level(logging.WARNING):
        assert convert(write(tmp_path, labels, classes), tmp_path) == [by_hand(labels, classes)]
    assert "10 of 10 objects hold voxels of several classes" in caplog.text


def test_of_equally_common_classes_the_lowest_counts_and_agreement_is_quiet(tmp_path, caplog):
    labels = np.repeat(np.arange(40, dtype=np.uint16)[:, None] // 20 + 1, 110, axis=1)
    classes = np.where(labels == 1, np.arange(110) % 2 + 2, 3).astype(np.uint8)
    with caplog.at_level(logging.WARNING):
        assert convert(write(tmp_path, labels, classes), tmp_path) == [{1: "2", 2: "3"}]
        assert "1 of 2 objects" in caplog.text
        assert "of label 1, 50 % are of class 2" in caplog.text
        caplog.clear()
        assert convert(write(tmp_path, labels, labels.astype(np.uint8)), tmp_path) == [{1: "1", 2: "2"}]
    assert not caplog.messages


def test_ignored_voxels_do_not_count_and_an_object_may_lack_a_class(tmp_path, caplog):
    labels, classes = picture(2)
    classes[labels == 107] = 9
    with caplog.at_level(logging.WARNING):
        (found,) = convert(write(tmp_path, labels, classes), tmp_path, classes=[0, 1, 2, 3], ignore=9)
    assert 107 not in found
    assert found == by_hand(labels, classes, 9)
    assert "1 objects have no class (label 107)" in caplog.text
    table = {int(label): 9 if label == 107 else 1 for label in np.unique(labels)[1:]}
    (found,) = convert(write(tmp_path, labels, table), tmp_path, ignore=9)
    assert found == {label: "1" for label in table if label != 107}


def test_a_table_says_the_class_of_every_label(tmp_path):
    labels, _ = picture(2)
    table = {int(label): 1 + int(label) % 2 for label in np.unique(labels)[1:]}
    expected = {label: str(class_) for label, class_ in table.items()}
    assert convert(write(tmp_path, labels, {**table, 5: 1}), tmp_path) == [expected]


def test_every_time_point_and_part_has_its_own(tmp_path):
    pictures = [picture(2, seed) for seed in range(3)]
    labels, classes = (np.stack(parts) for parts in zip(*pictures, strict=True))
    found = convert(write(tmp_path, labels, classes, axes="TYX"), tmp_path)
    assert found == [by_hand(*part) for part in pictures]
    learn, _ = split_parts(0.2)
    labels, classes = pictures[0]
    sample = write(tmp_path, labels, classes)
    (part,) = convert(
        Sample(*[getattr(sample, k) for k in ("image", "split", "path", "labels", "classes")], part=learn),
        tmp_path,
    )
    assert set(part) < set(by_hand(labels, classes))
    assert len(part) >= 7


def test_files_that_do_not_belong_together_are_refused(tmp_path):
    labels, classes = picture(2)
    with pytest.raises(BioLoomError, match=r"hold the class 3; allowed: 1, 2 \(data\.classes\)"):
        convert(write(tmp_path, labels, classes), tmp_path, classes=[1, 2])
    with pytest.raises(BioLoomError, match=r"classes\.csv hold the class 8"):
        convert(write(tmp_path, labels, {100: 8}), tmp_path, classes=[1, 2])
    with pytest.raises(BioLoomError, match=r"6 of the 10 objects .* have no class in .*classes\.csv"):
        convert(write(tmp_path, labels, {100 + 7 * n: 1 for n in range(4)}), tmp_path)
    with pytest.raises(BioLoomError, match=r"10 of the 10 objects .* have no class in .*classes\.tif"):
        convert(write(tmp_path, labels, 0 * classes), tmp_path)
    with pytest.raises(BioLoomError, match=r"the classes .*classes\.tif are 40 x 109 voxels"):
        convert(write(tmp_path, labels, classes[:, 1:]), tmp_path)
    with pytest.raises(BioLoomError, match=r"the classes .* are of type float32"):
        convert(write(tmp_path, labels, classes / np.float32(2)), tmp_path)
    with pytest.raises(BioLoomError, match="different numbers up to"):
        convert(
            write(tmp_path, labels, np.arange(labels.size, dtype=np.uint16).reshape(labels.shape)), tmp_path
        )
    assert not (tmp_path / "run/labels").exists() or not list((tmp_path / "run/labels").glob("*.zarr"))


def objects(*classes):
    frame = pd.DataFrame(
        {"voxels": 50, "equivalent_diameter_um": 8.0, "distance_max_um": 4.0}, range(len(classes))
    )
    boxes = {"bbox-0": 0, "bbox-1": 0, "bbox-2": 9, "bbox-3": 9}
    return frame.assign(**boxes, **{"class": list(classes)})


def test_the_fingerprint_knows_the_classes_of_objects():
    image = ImageFacts("a", (90, 90), 1, (1.0, 1.0), (1.0,), {"50": [1.0]})
    facts = take_fingerprint([image], objects("2", "10", "10", ""))
    assert facts["class_objects"] == {"10": 2, "2": 1}
    assert facts["classes"] == [2, 10]
    # twice as many voxels, half the weight, and the mean over all is 1
    assert facts["class_weights"] == {"2": 1.5, "10": 0.75}
    declared = take_fingerprint([image], objects("2", "10"), Meaning(classes=[0, 2, 4, 10]))
    assert declared["classes"] == [2, 4, 10]
    with pytest.raises(
        BioLoomError, match="the training objects are all of class 2; allowed: objects of two"
    ):
        take_fingerprint([image], objects("2", "2", ""))
    assert "classes" not in take_fingerprint([image], objects("", ""))
