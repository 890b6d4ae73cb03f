from pathlib import Path

import pytest

from bioloom.errors import BioLoomError
from bioloom.volumes.sources import find_files, missing, pair, stem


def touch(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return [folder / name for name in names]


def test_a_folder_in_natural_order_without_what_cannot_be_read(tmp_path):
    touch(tmp_path, "t10.tif", "t2.tif", "T1.TIF", ".hidden.tif", "notes.txt", "sub/x.tif", "t3.ome.tiff")
    assert [path.name for path in find_files(str(tmp_path), "k")] == [
        "T1.TIF",
        "t2.tif",
        "t3.ome.tiff",
        "t10.tif",
    ]


def test_globs_files_and_lists(tmp_path, monkeypatch):
    touch(tmp_path, "a/1.tif", "a/2.png", "b/1.tif", "b[0].npy")
    monkeypatch.chdir(tmp_path)
    assert find_files("*/1.tif", "k") == [tmp_path / "a/1.tif", tmp_path / "b/1.tif"]
    assert find_files("**/*.tif", "k") == [tmp_path / "a/1.tif", tmp_path / "b/1.tif"]
    assert find_files(["b/1.tif", "a", "a/1.tif"], "k") == touch(tmp_path, "b/1.tif", "a/1.tif", "a/2.png")
    assert find_files("b[0].npy", "k") == [tmp_path / "b[0].npy"]


def test_what_is_not_there_is_explained(tmp_path):
    touch(tmp_path, "images/train/a.txt", "images/readme")
    with pytest.raises(
        BioLoomError, match=r"data.train.images: .*images exists\); fix: did you mean 'train'\?"
    ):
        find_files(str(tmp_path / "images" / "trian" / "x"), "data.train.images")
    with pytest.raises(BioLoomError, match=r"holds no image; allowed: files that end in \.tif"):
        find_files(str(tmp_path / "images" / "train"), "k")
    with pytest.raises(BioLoomError, match="holds no image"):
        find_files(str(tmp_path / "*.tif"), "k")
    with pytest.raises(BioLoomError, match="unknown format"):
        find_files(str(tmp_path / "images" / "train" / "a.txt"), "k")
    with pytest.raises(BioLoomError, match="empty list"):
        find_files([], "k")
    assert "exists" in str(missing(tmp_path / "a" / "b", "k"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.tif", "a"), ("a.b.png", "a.b"), ("a.ome.tif", "a"), ("A.OME.TIFF", "A"), ("a.txt", "a"), ("a", "a")],
)
def test_stems(name, expected):
    assert stem(Path(name)) == expected


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("a.tif", "a.tif"),
        ("a.ome.tif", "a.png"),
        *(
            ("cell_1.tif", f"cell_1{suffix}.tif")
            for suffix in ["_mask", "_masks", "_label", "_labels", "_seg", "_gt", "-Mask"]
        ),
        *(("1.tif", f"{prefix}1.tif") for prefix in ("mask_", "labels-", "seg.", "mask")),
        ("img_007.tif", "mask_007.png"),
        ("a_img.tif", "a_seg_gt.tif"),
        ("image.tif", "mask.tif"),
    ],
)
def test_pairs(image, label):
    images, labels = (
        [Path("i", image), Path("i", "other_9.tif")],
        [Path("l", "other_9.tif"), Path("l", label)],
    )
    assert pair(images, labels, "k") == [labels[1], labels[0]]


def test_equal_stems_come_first():
    images = [Path("i/a.tif"), Path("i/a_mask.tif")]
    labels = [Path("l/a.tif"), Path("l/a_mask.tif")]
    assert pair(images, labels, "k") == labels


def test_up_to_five_lonely_images_are_named():
    images = [Path(f"i/{name}.tif") for name in "abcdefgh"]
    with pytest.raises(BioLoomError, match=r"data.train: no labels for 7 images: b, c, d, e, f, \.\.\. "):
        pair(images, [Path("l/a.tif")], "data.train")


def test_lonely_labels():
    images, labels = [Path("i/a.tif")], [Path("l/a.tif"), Path("l/b.tif")]
    with pytest.raises(BioLoomError, match="no image for 1 label file: b"):
        pair(images, labels, "k")
    assert pair(images, labels, "k", whole=False) == labels[:1]


def test_ambiguous_names():
    with pytest.raises(BioLoomError, match="same name"):
        pair([Path("i/a.tif")], [Path("l/a.tif"), Path("l/a.png")], "k")
    with pytest.raises(BioLoomError, match="same name"):
        pair([Path("i/a.tif")], [Path("l/a_mask.tif"), Path("l/a_seg.tif")], "k")
    with pytest.raises(BioLoomError, match="same name"):
        pair([Path("i/a_img.tif"), Path("i/a_raw.tif")], [Path("l/a_mask.tif")], "k")


def test_an_image_is_not_its_own_labels():
    with pytest.raises(BioLoomError, match="both as image and as labels"):
        pair([Path("i/a.tif")], [Path("i/a.tif")], "k")


def test_places_inside_files(tmp_path, monkeypatch):
    touch(tmp_path, "t10.h5", "t2.h5", "other.tif")
    monkeypatch.chdir(tmp_path)
    images, labels = (find_files(f"*.h5/{inner}", "k") for inner in ("raw", "seg/label"))
    assert images == [tmp_path / "t2.h5/raw", tmp_path / "t10.h5/raw"]
    assert pair(images, labels, "k") == [tmp_path / "t2.h5/seg/label", tmp_path / "t10.h5/seg/label"]
    assert find_files("t2.h5/raw", "k") == [tmp_path / "t2.h5/raw"]
    assert find_files(["t2.h5/raw", "other.tif"], "k") == [tmp_path / "t2.h5/raw", tmp_path / "other.tif"]
    assert stem(Path("a.ome.zarr/labels/nuclei")) == stem(Path("a.h5/raw")) == "a"
    with pytest.raises(BioLoomError, match=r"there is no .*t3\.h5 .*did you mean"):
        find_files("t3.h5/raw", "k")
    with pytest.raises(BioLoomError, match=r"glob inside t2\.h5|glob inside \*\.h5"):
        find_files("*.h5/*", "k")


def test_stores_count_as_files(tmp_path):
    touch(tmp_path, "a.zarr/zarr.json", "a.zarr/0/zarr.json", "b.n5/attributes.json", "c.tif", "d/e.tif")
    assert [path.name for path in find_files(str(tmp_path), "k")] == ["a.zarr", "b.n5", "c.tif"]
    assert find_files(str(tmp_path / "a.zarr"), "k") == [tmp_path / "a.zarr"]
    assert find_files(str(tmp_path / "*.zarr/labels/nuclei"), "k") == [tmp_path / "a.zarr/labels/nuclei"]


def test_tables_count_where_there_is_no_image_and_they_are_asked_for(tmp_path):
    tables = touch(tmp_path, "a.csv", "b.CSV", ".hidden.csv", "notes.txt")[:2]
    assert find_files(str(tmp_path), "data.train.labels", tables=True) == tables
    assert find_files(str(tmp_path / "*.csv"), "data.train.labels", tables=True) == tables[:1]
    assert find_files(str(tables[0]), "data.train.labels", tables=True) == tables[:1]
    with pytest.raises(BioLoomError, match="holds no image"):
        find_files(str(tmp_path), "data.train.images")
    with pytest.raises(BioLoomError, match="unknown format"):
        find_files(str(tables[0]), "data.train.images")
    (image,) = touch(tmp_path, "c.tif")
    assert find_files(str(tmp_path), "data.train.labels", tables=True) == [image]
