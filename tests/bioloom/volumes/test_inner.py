from pathlib import Path

import pytest

from bioloom.volumes.inner import file_name, is_store, raw_input, size_of, split_inner


@pytest.mark.parametrize(
    ("path", "container", "inner"),
    [
        ("x/a.tif", "x/a.tif", ""),
        ("x/a.h5", "x/a.h5", ""),
        ("x/a.H5/raw", "x/a.H5", "raw"),
        ("x/a.npz/b/c", "x/a.npz", "b/c"),
        ("a.ome.zarr/labels/nuclei", "a.ome.zarr", "labels/nuclei"),
        ("a.zarr/.zattrs", "a.zarr", ""),
        ("a.zarr/labels/zarr.json", "a.zarr", "labels"),
        ("a.n5/c0/s0", "a.n5", "c0/s0"),
        ("*.h5/raw", "*.h5", "raw"),
    ],
)
def test_paths_are_split(path, container, inner):
    assert split_inner(Path(path)) == (Path(container), inner)


def test_a_folder_may_be_called_like_a_file(tmp_path):
    (tmp_path / "plates.h5").mkdir()
    path = tmp_path / "plates.h5" / "a.tif"
    assert split_inner(path) == (path, "")
    assert split_inner(tmp_path / "plates.h5") == (tmp_path / "plates.h5", "")
    assert not is_store(tmp_path / "plates.h5")


def test_names_and_sizes(tmp_path):
    (tmp_path / "a.h5").write_bytes(bytes(7))
    (tmp_path / "a.zarr").mkdir()
    assert file_name(tmp_path / "a.h5" / "raw") == "a.h5/raw"
    assert file_name(tmp_path / "a.tif") == "a.tif"
    assert size_of(tmp_path / "a.h5" / "raw") == 7
    assert size_of(tmp_path / "a.zarr") is None
    assert size_of(tmp_path / "b.tif") is None


@pytest.mark.parametrize("name", ["zarr.json", ".zattrs", ".zarray", ".zgroup"])
def test_a_job_depends_on_the_metadata_of_the_store(tmp_path, name):
    store = tmp_path / "a.zarr"
    (store / "labels").mkdir(parents=True)
    (store / "labels" / name).touch()
    assert raw_input(store / "labels") == store / "labels" / name
    assert raw_input(store) == store / "zarr.json"
    (store / name).touch()
    assert raw_input(store) == raw_input(store / "labels") == store / name


def test_what_a_job_depends_on_may_be_made_later(tmp_path):
    assert raw_input(tmp_path / "a.h5" / "raw") == tmp_path / "a.h5"
    assert raw_input(tmp_path / "a.tif") == tmp_path / "a.tif"
    assert raw_input(tmp_path / "a.n5" / "raw") == tmp_path / "a.n5" / "attributes.json"
    assert raw_input(tmp_path / "a.zarr" / ".zattrs") == tmp_path / "a.zarr" / ".zattrs"
