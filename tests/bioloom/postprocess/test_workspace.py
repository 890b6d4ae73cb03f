import numpy as np
import pytest

from bioloom.postprocess.workspace import FileWorkspace, MemoryWorkspace, put_tables


@pytest.fixture(params=["memory", "files"])
def workspace(request, tmp_path):
    return MemoryWorkspace() if request.param == "memory" else FileWorkspace(tmp_path, "test_a")


def test_partials_and_tables_come_back(workspace):
    labels = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)
    workspace.put_partial("0-seeds", "00003", {"labels": labels, "redone": np.array(2)})
    workspace.put_table("0-seeds", {"ids": np.zeros(0, np.uint32)})
    partial = workspace.partial("0-seeds", "00003")
    np.testing.assert_array_equal(partial.read("labels"), labels)
    np.testing.assert_array_equal(partial.read("labels", np.s_[1:2, :, 2:]), labels[1:2, :, 2:])
    assert partial.read("labels").dtype == np.uint16
    assert int(partial.read("redone")) == 2
    assert workspace.table("0-seeds").read("ids").shape == (0,)


def test_the_images_of_a_pack_have_their_tables_in_one_file(tmp_path):
    tables = {f"test_a_t000{time}": {"ids": np.full(3, time)} for time in range(2)}
    put_tables(tmp_path, "0-seeds", tables)
    assert [path.name for path in tmp_path.iterdir()] == ["0-seeds.zarr.zip"]
    for image, arrays in tables.items():
        found = FileWorkspace(tmp_path, image).table("0-seeds")
        np.testing.assert_array_equal(found.read("ids"), arrays["ids"])
        np.testing.assert_array_equal(found.read("ids", np.s_[1:]), arrays["ids"][1:])
    with pytest.raises(KeyError, match=r"holds test_a_t0000\.ids, test_a_t0001\.ids"):
        FileWorkspace(tmp_path, "test_a_t0002").table("0-seeds").read("ids")
