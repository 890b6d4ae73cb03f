import pytest

from bioloom.errors import BioLoomError
from bioloom.volumes.packs import packs
from bioloom.volumes.samples import Sample, read_samples
from bioloom.volumes.sources import image_id
from bioloom.volumes.validation import split_validation


def touch(folder, *names, size):
    for name in names:
        (folder / name).write_bytes(bytes(size))


def images(table):
    return {pack: [sample.image for sample in content] for pack, content in table.items()}


def test_packs(tmp_path):
    sizes = {"a": 40, "b": 40, "c": 40, "d": 500, "e": 10, "f": 100, "g": 1}
    for name, size in sizes.items():
        touch(tmp_path, f"{name}.tif", size=size)
    found = [Sample(f"train_{n}", "train", tmp_path / f"{n}.tif") for n in sizes]
    found += [Sample("test_g", "test", tmp_path / "g.tif"), Sample("test_e", "test", tmp_path / "e.tif")]
    found += [
        Sample("test_later", "test", tmp_path / "later.tif"),
        Sample("test_f", "test", tmp_path / "e.tif"),
    ]
    table = packs(found, 100)
    assert images(table) == {
        "train_pack-0000": ["train_a", "train_b"],
        "train_c": ["train_c"],
        "train_d": ["train_d"],
        "train_e": ["train_e"],
        "train_f": ["train_f"],
        "train_g": ["train_g"],
        "test_pack-0000": ["test_g", "test_e"],
        "test_later": ["test_later"],
        "test_f": ["test_f"],
    }
    assert list(packs(found[:2], 100)) == ["train_pack-0000"]


def test_an_image_called_like_a_pack(tmp_path):
    touch(tmp_path, "pack-0000.tif", size=500)
    touch(tmp_path, "a.tif", "b.tif", size=1)
    found = [
        Sample(image_id("test", tmp_path / n), "test", tmp_path / n)
        for n in ("a.tif", "b.tif", "pack-0000.tif")
    ]
    with pytest.raises(BioLoomError, match="names a pack"):
        packs(found, 100)


TABLE = """split,image,pack
test,raw/a.1.tif,plate 1
train,raw/b.tif,
test,raw/c.tif,plate 2
train,raw/d.tif,
test,raw/e.tif,plate 1
predict,raw/e.tif,plate 1
"""


def test_a_table_of_samples_says_which_images_are_a_pack(tmp_path):
    (tmp_path / "s.csv").write_text(TABLE)
    table = packs(read_samples(tmp_path / "s.csv"), 100)
    assert images(table) == {
        "train_b": ["train_b"],
        "train_d": ["train_d"],
        "test_plate-1": ["test_a.1", "test_e"],
        "test_plate-2": ["test_c"],
        "predict_plate-1": ["predict_e"],
    }
    assert list(table) == ["train_b", "train_d", "test_plate-1", "test_plate-2", "predict_plate-1"]


def test_files_made_later_leave_the_packs_of_a_table_as_they_were(tmp_path):
    """Every job parses the workflow again: it must find the packs that the first one found."""
    (tmp_path / "s.csv").write_text("split,image\n" + "".join(f"train,raw/a.{n}.tif\n" for n in range(5)))

    def now():
        return images(packs(split_validation(read_samples(tmp_path / "s.csv"), 0.2, 0), 100))

    before = now()
    assert sum(map(len, before.values())) == len(before) == 5
    (tmp_path / "raw").mkdir()
    touch(tmp_path / "raw", *(f"a.{n}.tif" for n in range(5)), size=1)
    assert now() == before
