import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bioloom.errors import BioLoomError
from bioloom.volumes.packs import packs
from bioloom.volumes.samples import (
    Sample,
    check_labelled,
    discover,
    pack_table,
    read_pack,
    read_samples,
    write_pack,
)
from bioloom.volumes.sources import image_id


@dataclass
class Source:
    images: str | list[str]
    labels: str | list[str] | None = None
    classes: str | list[str] | None = None


@dataclass
class Data:
    train: Source | None = None
    val: Source | None = None
    test: Source | None = None
    predict: Source | None = None
    samples: str | None = None
    val_fraction: float = 0.25
    seed: int = 0


def touch(folder: Path, *names: str, size: int = 0) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x" * size)


def samples(count: int, split: str = "train", **fields) -> list[Sample]:
    return [Sample(f"{split}_{i}", split, Path(f"/none/{i}.tif"), **fields) for i in range(count)]


def test_folders_become_samples(tmp_path):
    touch(tmp_path, "a/t 1.tif", "a/t_2.ome.tif", "l/t 1_mask.png", "l/t_2.tif", "b/x.npy")
    data = Data(train=Source(f"{tmp_path}/a", f"{tmp_path}/l"), val=Source(f"{tmp_path}/b"))
    assert discover(data) == [
        Sample("train_t-1", "train", tmp_path / "a/t 1.tif", tmp_path / "l/t 1_mask.png"),
        Sample("train_t-2", "train", tmp_path / "a/t_2.ome.tif", tmp_path / "l/t_2.tif"),
        Sample("val_x", "val", tmp_path / "b/x.npy"),
    ]


def test_validation_images_are_set_aside_if_none_are_given(tmp_path):
    touch(tmp_path, *(f"{folder}/{i}.tif" for folder in "ab" for i in range(8)))
    found = discover(Data(train=Source(f"{tmp_path}/a"), test=Source(f"{tmp_path}/b")))
    assert [sample.split for sample in found] == ["train"] * 6 + ["val"] * 2 + ["test"] * 8
    assert {s.image for s in found if s.split == "val"} == {
        f"val_{s.path.stem}" for s in found if s.split == "val"
    }
    assert len(found) == 16


def test_labels_may_hold_more_than_a_list_of_images(tmp_path):
    touch(tmp_path, "i/a.tif", "i/b.tif", "l/a.tif", "l/b.tif")
    found = discover(Data(test=Source([f"{tmp_path}/i/a.tif"], f"{tmp_path}/l")))
    assert [sample.labels for sample in found] == [tmp_path / "l/a.tif"]
    touch(tmp_path, "l/c.tif")
    with pytest.raises(BioLoomError, match="no image for 1 label file: c"):
        discover(Data(test=Source(f"{tmp_path}/i", f"{tmp_path}/l")))


def test_the_only_training_image_is_cut_in_two(tmp_path):
    touch(tmp_path, "i/a.tif", "l/a.tif", "t/a.tif")
    found = discover(Data(train=Source(f"{tmp_path}/i", f"{tmp_path}/l"), test=Source(f"{tmp_path}/t")))
    files = (tmp_path / "i/a.tif", tmp_path / "l/a.tif")
    assert found == [
        Sample("train_a", "train", *files, part="0:0.75"),
        Sample("val_a", "val", *files, part="0.75:1"),
        Sample("test_a", "test", tmp_path / "t/a.tif"),
    ]
    assert list(packs(found, 100)) == ["train_a", "val_a", "test_a"]


def test_ids():
    assert image_id("test", Path("/x/My image_01 (µ).ome.tif")) == "test_My-image-01----"
    assert image_id("test", Path("../..tif")) == "test_."


def test_two_images_of_one_id(tmp_path):
    touch(tmp_path, "a_b.tif", "a-b.tif")
    with pytest.raises(BioLoomError, match="would both be called 'test_a-b'"):
        discover(Data(test=Source(str(tmp_path))))


def test_a_table_of_samples(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.csv").write_text(
        "\ufeffsplit,image,labels,class,group,dye\n"
        "train,raw/a.tif,gt/a.tif,,slide 1,x\n"
        "\n"
        "val,/abs/b.tif,,mitotic,,y\n"
    )
    found = discover(Data(samples="s.csv"))
    assert found == [
        Sample("train_a", "train", tmp_path / "raw/a.tif", tmp_path / "gt/a.tif", group="slide 1", pack="a"),
        Sample("val_b", "val", Path("/abs/b.tif"), class_="mitotic", pack="b"),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("split,images\ntrain,a.tif\n", r"no column 'image'.*did you mean 'images'"),
        ("split;image\ntrain;a.tif\n", "no column 'split'.*separated by commas"),
        ("split,image\ntrian,a.tif\n", r"line 2: split 'trian'.*did you mean 'train'"),
        ("split,image\ntrain,\n", "line 2: the field `image` is empty"),
        ("split,image\n", "lists no image"),
        ("", "no column"),
    ],
)
def test_faulty_tables_of_samples(tmp_path, text, says):
    (tmp_path / "s.csv").write_text(text)
    with pytest.raises(BioLoomError, match=says):
        read_samples(tmp_path / "s.csv")


def test_a_missing_table(tmp_path):
    (tmp_path / "samples.csv").touch()
    with pytest.raises(BioLoomError, match=r"did you mean 'samples\.csv'"):
        read_samples(tmp_path / "sample.csv")


def test_the_table_of_a_pack(tmp_path):
    content = [
        Sample("train_a", "train", Path("/x, y/a.tif"), Path("/l/a.tif"), Path("/c/a.csv"), "c", "g"),
        Sample("train_b", "train", Path("/x/b.tif"), part="0:0.8"),
    ]
    write_pack(tmp_path / "p.csv", content)
    assert read_pack(tmp_path / "p.csv") == content
    assert (tmp_path / "p.csv").read_text() == pack_table(content)
    assert pack_table(content).splitlines()[::2] == [
        "image,split,images,labels,classes,class,group,part",
        "train_b,train,/x/b.tif,,,,,0:0.8",
    ]
    (tmp_path / "q.csv").write_text("a,b\n")
    with pytest.raises(BioLoomError, match="no pack table"):
        read_pack(tmp_path / "q.csv")
    with pytest.raises(BioLoomError, match="no pack table"):
        read_pack(tmp_path / "none.csv")


def test_parsing_a_workflow_imports_nothing_heavy():
    code = (
        "import sys, bioloom.volumes.samples, bioloom.volumes.manifest\n"
        "heavy = {'torch', 'zarr', 'skimage', 'matplotlib', 'scipy', 'pandas', 'tifffile', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_what_a_run_needs():
    labels = Path("/none/l.tif")
    good = [*samples(2, labels=labels), *samples(1, "test", labels=labels), *samples(1, "predict")]
    assert check_labelled(good) == good
    with pytest.raises(BioLoomError, match=r"there are no training images; fix: give data\.train"):
        check_labelled(good[2:])
    with pytest.raises(
        BioLoomError, match=r"data\.train: no labels for 0\.tif and 1 more; fix: give their labels$"
    ):
        check_labelled(samples(2))
    with pytest.raises(
        BioLoomError, match=r"data\.test: no labels for 0\.tif; .* put them under data\.predict"
    ):
        check_labelled([*good, *samples(1, "test")])


def test_a_table_that_is_no_utf8(tmp_path):
    (tmp_path / "a.csv").write_bytes("split,image\ntrain,gr\u00fcn.tif\n".encode("latin-1"))
    with pytest.raises(BioLoomError, match=r"a\.csv is no text in UTF-8"):
        read_samples(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_bytes("split,image\ntrain,gr\u00fcn.tif\n".encode("utf-8-sig"))
    assert read_samples(tmp_path / "a.csv")[0].path.name == "gr\u00fcn.tif"


def test_images_and_labels_inside_the_same_files(tmp_path):
    touch(tmp_path, "a.h5", "b.h5", size=10)
    images, labels = f"{tmp_path}/*.h5/raw", f"{tmp_path}/*.h5/label"
    expected = [
        Sample(f"test_{name}", "test", tmp_path / f"{name}.h5/raw", tmp_path / f"{name}.h5/label")
        for name in "ab"
    ]
    assert discover(Data(test=Source(images, labels))) == expected
    rows = [f"test,{sample.path},{sample.labels}" for sample in expected]
    (tmp_path / "samples.csv").write_text("\n".join(["split,image,labels", *rows]))
    listed = [replace(sample, pack=name) for sample, name in zip(expected, "ab", strict=True)]
    assert discover(Data(samples=f"{tmp_path}/samples.csv")) == listed
    write_pack(tmp_path / "pack.csv", expected)
    assert read_pack(tmp_path / "pack.csv") == expected
    assert list(packs(expected, 20)) == ["test_pack-0000"]
    with pytest.raises(BioLoomError, match="both as image and as labels"):
        discover(Data(test=Source(f"{tmp_path}/*.h5", f"{tmp_path}/*.h5")))


def test_a_store_is_alone_in_its_pack(tmp_path):
    touch(tmp_path, "a.tif", "b.zarr/zarr.json", "c.tif", "d.tif", size=10)
    found = packs(discover(Data(predict=Source(str(tmp_path)))), 1000)
    assert list(found) == ["predict_a", "predict_b", "predict_pack-0000"]


def test_classes_of_objects_are_paired_like_labels(tmp_path):
    touch(
        tmp_path, "i/a.tif", "i/b.tif", "l/a_mask.tif", "l/b_mask.tif", "c/a_type.csv", "c/b.csv", "d/a.tif"
    )
    data = Data(test=Source(f"{tmp_path}/i", f"{tmp_path}/l", f"{tmp_path}/c"))
    assert [s.classes.name for s in discover(data)] == ["a_type.csv", "b.csv"]
    with pytest.raises(BioLoomError, match=r"data\.test: no classes for 1 image: b \(classes are called a\)"):
        discover(Data(test=Source(f"{tmp_path}/i", f"{tmp_path}/l", f"{tmp_path}/d")))
    touch(tmp_path, "c/z.csv")
    with pytest.raises(BioLoomError, match="no image for 1 class file: z"):
        discover(data)


def test_a_file_is_not_both_labels_and_classes(tmp_path):
    touch(tmp_path, "i/a.tif", "l/a.tif")
    with pytest.raises(BioLoomError, match=r"a\.tif is given both as labels and as classes"):
        discover(Data(test=Source(f"{tmp_path}/i", f"{tmp_path}/l", f"{tmp_path}/l")))


def test_words_of_classes_are_part_of_the_names_of_images(tmp_path):
    touch(tmp_path, "i/wild.tif", "i/wild_type.tif", "l/wild_mask.tif", "l/wild_type_mask.tif")
    found = discover(Data(test=Source(f"{tmp_path}/i", f"{tmp_path}/l")))
    assert [s.labels.name for s in found] == ["wild_mask.tif", "wild_type_mask.tif"]


def test_a_table_may_name_classes_of_objects(tmp_path):
    table = "split,image,labels,classes\ntrain,a.tif,l.tif,c.csv\ntrain,b.tif,m.tif,d.tif\n"
    (tmp_path / "s.csv").write_text(table)
    found = discover(Data(samples=f"{tmp_path}/s.csv"))
    assert sorted(s.classes.name for s in found) == ["c.csv", "d.tif"]


def test_a_file_is_in_one_split_unless_it_is_only_predicted(tmp_path):
    touch(tmp_path, *(f"a/{i}.tif" for i in range(3)))
    (tmp_path / "b").symlink_to(tmp_path / "a")
    for other in "ab":
        with pytest.raises(
            BioLoomError, match=r"0\.tif is in both train and test; allowed: one of .*; fix: leave it out"
        ):
            discover(Data(train=Source(f"{tmp_path}/a"), test=Source(f"{tmp_path}/{other}")))
    assert len(discover(Data(train=Source(f"{tmp_path}/a"), predict=Source(f"{tmp_path}/a")))) == 6


def test_a_group_is_in_one_split(tmp_path):
    table = "split,image,group\ntrain,a.tif,mouse\ntest,b.tif,mouse\npredict,c.tif,mouse\n"
    (tmp_path / "s.csv").write_text(table)
    with pytest.raises(BioLoomError, match=r"group 'mouse' is in both train \(a\.tif\) and test \(b\.tif\)"):
        discover(Data(samples=f"{tmp_path}/s.csv"))
    (tmp_path / "s.csv").write_text(table.replace("test,b.tif,mouse", "test,b.tif,rat"))
    assert {s.split for s in discover(Data(samples=f"{tmp_path}/s.csv"))} == {
        "train",
        "val",
        "test",
        "predict",
    }


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("split,image\ntrain,a,b.tif\n", r"line 2: more fields than the header has, such as 'b\.tif'"),
        ("split,image,labels,classes\ntest,b.tif,,d.csv\n", "line 2: classes without labels, whose objects"),
    ],
)
def test_rows_that_make_no_sense(tmp_path, table, says):
    (tmp_path / "s.csv").write_text(table)
    with pytest.raises(BioLoomError, match=rf"s\.csv, {says}"):
        discover(Data(samples=f"{tmp_path}/s.csv"))


def test_classes_are_given_where_they_are_learned_and_only_there():
    labels, classes = Path("/none/l.tif"), Path("/none/c.tif")
    bare, full = samples(2, labels=labels), samples(2, "val", labels=labels, classes=classes)
    test = samples(1, "test", labels=labels)
    every = [replace(sample, classes=classes) for sample in bare]
    assert check_labelled([*every, *full, *test], classes=True)
    with pytest.raises(BioLoomError, match=r"data\.train: no classes of objects for 0\.tif"):
        check_labelled([*bare, *full], classes=True)
    with pytest.raises(BioLoomError, match=r"0\.tif has classes of objects, which this run does not learn"):
        check_labelled([*bare, *full])
