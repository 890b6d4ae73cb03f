import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.volumes.formats import read_foreign
from bioloom.volumes.formats.foreign import Mapped


@pytest.mark.parametrize(
    ("shape", "spatial"), [((5, 6), (5, 6)), ((4, 5, 6), (4, 5, 6)), ((2, 4, 5, 6), (4, 5, 6))]
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_mapped(tmp_path, shape, spatial, order):
    values = np.asarray(np.random.default_rng(0).random(shape, np.float32), order=order)
    np.save(tmp_path / "a.npy", values)
    found = read_foreign(tmp_path / "a.npy")
    assert isinstance(found.source, Mapped)
    assert found.spatial == spatial
    assert found.spacing is None
    np.testing.assert_array_equal(found.read(), values.reshape(-1, *spatial))
    assert read_foreign(tmp_path / "a.npy", "CZYX"[-len(shape) :]).spatial == spatial


def test_the_user_names_other_axes(tmp_path):
    values = np.random.default_rng(0).random((5, 6, 3))
    np.save(tmp_path / "a.npy", values)
    found = read_foreign(tmp_path / "a.npy", "YXC")
    np.testing.assert_array_equal(found.read(), values.transpose(2, 0, 1).astype(np.float32))


@pytest.mark.parametrize("shape", [(5,), (1, 2, 3, 4, 5), ()])
def test_unclear_axes(tmp_path, shape):
    np.save(tmp_path / "a.npy", np.zeros(shape))
    with pytest.raises(BioLoomError, match="unclear"):
        read_foreign(tmp_path / "a.npy")


def test_objects_are_not_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[{}]], object), allow_pickle=True)
    with pytest.raises(BioLoomError, match="cannot be read"):
        read_foreign(tmp_path / "a.npy")


def test_truncated(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((50, 50)))
    content = (tmp_path / "a.npy").read_bytes()
    for share in (0.0, 0.001, 0.5, 0.99):
        (tmp_path / "a.npy").write_bytes(content[: int(share * len(content))])
        with pytest.raises(BioLoomError, match="cannot be read"):
            read_foreign(tmp_path / "a.npy")
