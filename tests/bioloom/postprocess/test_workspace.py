import numpy as np
import pytest

from bioloom.postprocess.workspace import FileWorkspace, MemoryWorkspace


@pytest.fixture(params=["memory", "files"])
def workspace(request, tmp_path):
    return MemoryWorkspace() if request.param == "memory" else FileWorkspace(tmp_path)


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
