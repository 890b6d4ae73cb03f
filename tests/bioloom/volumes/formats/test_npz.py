import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.volumes.formats import read_foreign
from bioloom.volumes.formats.foreign import Mapped

SAVE = {"stored": np.savez, "compressed": np.savez_compressed}


@pytest.fixture(params=SAVE)
def save(request):
    return SAVE[request.param]


@pytest.mark.parametrize("shape", [(5, 6), (4, 5, 6), (2, 4, 5, 6)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_only_image_is_read_in_parts(tmp_path, save, shape, order):
    values = np.asarray(np.random.default_rng(0).random(shape, np.float32), order=order)
    save(tmp_path / "a.npz", scores=np.zeros(7), names=np.array([["a", "b"]]), raw=values)
    found = read_foreign(tmp_path / "a.npz")
    assert isinstance(found.source, Mapped)
    expected = values.reshape(-1, *shape[-found.ndim :])
    np.testing.assert_array_equal(found.read(), expected)
    box = Box((1,) * found.ndim, tuple(side - 1 for side in found.spatial))
    np.testing.assert_array_equal(found.read(box), expected[(slice(None), *box.slices)])


def test_a_name(tmp_path, save):
    raw, label = np.random.default_rng(0).integers(0, 99, (2, 5, 6), np.uint8)
    save(tmp_path / "a.npz", raw=raw, label=label)
    np.testing.assert_array_equal(read_foreign(tmp_path / "a.npz/label").read()[0], label)
    assert read_foreign(tmp_path / "a.npz/label", "YX").axes == "YX"
    with pytest.raises(BioLoomError, match=r"2 arrays: raw \(5 x 6, uint8\), label .*a\.npz/raw"):
        read_foreign(tmp_path / "a.npz")
    with pytest.raises(BioLoomError, match=r"holds no 'labels'; allowed: raw .*did you mean 'label'"):
        read_foreign(tmp_path / "a.npz/labels")


def test_no_image(tmp_path, save):
    save(tmp_path / "a.npz", scores=np.zeros(7))
    with pytest.raises(BioLoomError, match="no array of two axes"):
        read_foreign(tmp_path / "a.npz")


def test_objects_are_not_unpickled(tmp_path, save):
    save(tmp_path / "a.npz", raw=np.array([[{}]], object))
    with pytest.raises(BioLoomError, match="no array of two axes"):
        read_foreign(tmp_path / "a.npz")
    with pytest.raises(BioLoomError, match="holds Python objects"):
        read_foreign(tmp_path / "a.npz/raw")


def test_truncated(tmp_path, save):
    save(tmp_path / "a.npz", raw=np.random.default_rng(0).random((50, 50)))
    content = (tmp_path / "a.npz").read_bytes()
    for share in (0.0, 0.001, 0.5, 0.99):
        (tmp_path / "a.npz").write_bytes(content[: int(share * len(content))])
        with pytest.raises(BioLoomError, match="cannot be read: it is truncated or damaged"):
            read_foreign(tmp_path / "a.npz")


def test_damaged_values(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", raw=np.random.default_rng(0).random((50, 50)))
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[5000:5100] = bytes(100)
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(BioLoomError, match="cannot be read: it is truncated or damaged"):
        read_foreign(tmp_path / "a.npz")
