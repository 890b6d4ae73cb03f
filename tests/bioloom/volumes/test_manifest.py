import hashlib
from pathlib import Path

import pytest

from bioloom.errors import BioLoomError
from bioloom.volumes.manifest import Entry, Stores, digest_folder, entry_of, read_manifest, write_manifest


def test_round_trip_and_text(tmp_path):
    folder = tmp_path / "images"
    entries = [
        Entry("train_a", folder / "train_a.zarr", (1, 256, 256), "uint16", "ab"),
        Entry("train_b", folder / "train_b.zarr", (2, 3, 4, 5), "float32", "cd"),
    ]
    write_manifest(folder / "p.csv", entries)
    assert (folder / "p.csv").read_text() == (
        "image,path,shape,dtype,digest\n"
        "train_a,train_a.zarr,1x256x256,uint16,ab\n"
        "train_b,train_b.zarr,2x3x4x5,float32,cd\n"
    )
    assert read_manifest(folder / "p.csv") == entries


def test_relative_paths_stay_right_from_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_manifest("outputs/p.csv", [Entry("a", Path("points/a.csv"), (7, 4), "float64", "")])
    (entry,) = read_manifest("outputs/p.csv")
    assert entry.path == tmp_path / "points" / "a.csv"
    write_manifest("outputs/none.csv", [])
    assert read_manifest("outputs/none.csv") == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n", "no manifest"),
        ("", "no manifest"),
        ("image,path,shape,dtype,digest\na,a.zarr,1x2\n", "line 2"),
        ("image,path,shape,dtype,digest\na,a.zarr,1xb,u1,x\n", "line 2"),
        ("image,path,shape,dtype,digest\na,../../etc,1x2,u1,x\n", "leads out"),
        ("image,path,shape,dtype,digest\na,/etc/passwd,1x2,u1,x\n", "leads out"),
        ("image,path,shape,dtype,digest\na,a,1x2,u1,x\na,b,1x2,u1,x\n", "twice"),
    ],
)
def test_faulty_tables(tmp_path, text, says):
    (tmp_path / "images").mkdir()
    path = tmp_path / "images" / "p.csv"
    path.write_text(text)
    with pytest.raises(BioLoomError, match=says):
        read_manifest(path)


def test_missing_manifest(tmp_path):
    with pytest.raises(BioLoomError, match="no manifest"):
        read_manifest(tmp_path / "p.csv")


def test_digest_depends_on_names_and_bytes_only(tmp_path):
    def make(name: str, files: dict[str, bytes]) -> Path:
        for relative, content in files.items():
            path = tmp_path / name / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return tmp_path / name

    one = digest_folder(make("one", {"0/c/1": b"abc", "zarr.json": b"{}"}))
    assert len(one) == 32
    assert digest_folder(make("two", {"zarr.json": b"{}", "0/c/1": b"abc"})) == one
    assert (
        digest_folder(make("six", {"zarr.json": b"{}", "0/c/1": b"abc", ".x": b"", "0/1.partial": b""}))
        == one
    )
    assert digest_folder(make("three", {"zarr.json": b"{}", "0/c/1": b"abd"})) != one
    assert digest_folder(make("four", {"zarr.json": b"{}", "0/c/2": b"abc"})) != one
    assert digest_folder(make("five", {"zarr.json": b"", "0/c/1": b"abc{}"})) != one


def test_digest_of_a_file_is_blake2b_of_its_length_and_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"hello")
    assert digest_folder(tmp_path / "a") == hashlib.blake2b(b"\x005\x00hello", digest_size=16).hexdigest()


def test_stores_of_several_manifests(tmp_path):
    for name in "ab":
        write_manifest(
            tmp_path / f"{name}.csv", [Entry(name, tmp_path / f"{name}.zarr", (1, 2, 2), "uint8", "")]
        )
    stores = Stores(tmp_path / "a.csv", tmp_path / "b.csv")
    assert stores["b"] == tmp_path / "b.zarr"
    with pytest.raises(BioLoomError, match=r"there is no image 'c' in .*a\.csv, .*b\.csv"):
        stores["c"]


def test_a_file_of_another_kind(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\x89PNG\xff\x00")
    with pytest.raises(BioLoomError, match="is no manifest"):
        read_manifest(tmp_path / "a.csv")


def test_the_entry_of_an_image(tmp_path):
    entries = [Entry(name, tmp_path / name, (1, 2, 2), "uint8", "") for name in "ab"]
    assert entry_of(entries, "b") is entries[1]
    with pytest.raises(BioLoomError, match="does not list the image 'c'"):
        entry_of(entries, "c")
