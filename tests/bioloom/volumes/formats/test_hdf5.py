import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.volumes.formats import read_foreign

VALUES = np.random.default_rng(0).integers(0, 60000, (2, 4, 5, 6), np.uint16)


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as opened:
        yield opened


def opened(file, inner="", axes=None, **options):
    path = file.filename
    file.close()
    return read_foreign(f"{path}/{inner}" if inner else path, axes, **options)


@pytest.mark.parametrize("values", [VALUES[0, 0], VALUES[0], VALUES], ids=["2D", "3D", "channels"])
@pytest.mark.parametrize("options", [{}, {"chunks": True, "compression": "gzip", "shuffle": True}])
def test_the_only_dataset_is_found_and_read_in_parts(file, values, options):
    file.create_dataset("group/raw", data=values, **options)
    file.create_dataset("scores", data=np.zeros(7))
    file.create_dataset("names", data=["a", "b"])
    found = opened(file)
    expected = values.reshape(-1, *values.shape[-found.ndim :])
    np.testing.assert_array_equal(found.read(), expected)
    box = Box((1,) * found.ndim, tuple(side - 1 for side in found.spatial))
    np.testing.assert_array_equal(found.read(box), expected[(slice(None), *box.slices)])
    assert found.spacing is None


def test_a_dataset_is_named_by_the_path_inside(file):
    file["images/raw"], file["images/label"] = VALUES[0], VALUES[1]
    file["latest"] = h5py.SoftLink("/images/label")
    path = file.filename
    np.testing.assert_array_equal(opened(file, "images/raw").read()[0], VALUES[0])
    np.testing.assert_array_equal(read_foreign(f"{path}/latest").read()[0], VALUES[1])


@pytest.mark.parametrize("names", ["tzyxc", "cyx", "xyz"])
def test_axes_of_vigra(file, names):
    shape = tuple({"t": 3, "c": 2, "z": 4, "y": 5, "x": 6}[name] for name in names)
    values = np.random.default_rng(0).random(shape, np.float32)
    file["raw"] = values
    file["raw"].attrs["axistags"] = json.dumps({"axes": [{"key": n, "typeFlags": 2} for n in names]})
    found = opened(file)
    assert found.axes == names.upper()
    expected = np.einsum(f"{names}->{''.join(n for n in 'tczyx' if n in names)}", values)
    expected = expected[1] if "t" in names else expected
    found = found.at(1) if "t" in names else found
    np.testing.assert_array_equal(found.read(), expected.reshape(found.channels, *found.spatial))


def test_axes_by_the_labels_of_dimensions_and_by_the_user(file):
    file["raw"] = VALUES[:, 0]
    for dimension, label in zip(file["raw"].dims, ("channel", "y", "x"), strict=True):
        dimension.label = label
    path = file.filename
    assert opened(file).axes == "CYX"
    assert read_foreign(path, "ZYX").axes == "ZYX"


def test_axes_of_length_one_do_not_count(file):
    file["raw"] = VALUES[:1, None]
    path = file.filename
    assert opened(file).axes == "ZYX"
    found = read_foreign(path, "TCZYX")
    assert found.sides == {"T": 1, "C": 1, "Z": 4, "Y": 5, "X": 6}
    np.testing.assert_array_equal(found.read(), VALUES[:1])


@pytest.mark.parametrize("place", ["raw/image", "raw", "/"])
def test_voxel_size(file, place):
    file["raw/image"] = VALUES[0]
    file[place].attrs["element_size_um"] = [2.0, 0.5, 0.25]
    assert opened(file).spacing == (2.0, 0.5, 0.25)


def test_several_datasets_are_listed(file):
    file["raw"], file["images/label"] = VALUES, VALUES[0].astype(np.uint8)
    path = file.filename
    with pytest.raises(
        BioLoomError, match=r"2 datasets: images/label \(4 x 5 x 6, uint8\), raw \(2 x 4"
    ) as error:
        opened(file)
    assert f"say which, for example {path}/images/label" in str(error.value)
    assert read_foreign(f"{path}/images").dtype == np.uint8
    with pytest.raises(BioLoomError, match=r"no 'images/labels'; allowed: .*did you mean 'images/label'"):
        read_foreign(f"{path}/images/labels")
    with pytest.raises(BioLoomError, match="holds no 'raw/x'"):
        read_foreign(f"{path}/raw/x")


def test_no_dataset(file):
    file["names"], file["line"] = ["a"], np.zeros(5)
    with pytest.raises(BioLoomError, match="no dataset of numbers with two axes"):
        opened(file)


def test_nothing_outside_the_file_is_opened(file, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["raw"] = VALUES
    np.zeros((4, 4), np.uint8).tofile(tmp_path / "bytes")
    file["link"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/raw")
    file["dangling"] = h5py.ExternalLink(str(tmp_path / "missing.h5"), "/raw")
    file["soft"] = h5py.SoftLink("/link")
    file["loop"] = h5py.SoftLink("/loop")
    file.create_dataset("stored", (4, 4), np.uint8, external=[(str(tmp_path / "bytes"), 0, 16)])
    layout = h5py.VirtualLayout(VALUES.shape, VALUES.dtype)
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "raw", VALUES.shape)
    file.create_virtual_dataset("virtual", layout)
    path = file.filename
    file.close()
    for inner, text in {
        "link": "a link to the file .*other.h5",
        "dangling": "a link to the file .*missing.h5",
        "soft": "a link to the file",
        "loop": "links without end",
        "stored": "lie in the file .*bytes",
        "virtual": "virtual dataset",
    }.items():
        with pytest.raises(BioLoomError, match=text):
            read_foreign(f"{path}/{inner}")


@pytest.mark.parametrize("values", [np.zeros((4, 4), np.complex64), np.zeros((4, 4), [("a", "u1")])])
def test_types_that_are_no_image(file, values):
    file["raw"] = values
    with pytest.raises(BioLoomError, match="values of type"):
        opened(file, "raw")


def test_truncated_and_damaged(file):
    file.create_dataset("raw", data=VALUES.repeat(20, -1), chunks=(2, 4, 5, 120), compression="gzip")
    at = file["raw"].id.get_chunk_info(0).byte_offset
    path = Path(file.filename)
    file.close()
    content = path.read_bytes()
    for share in (0, 0.01, 0.5, 0.99):
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(BioLoomError, match=r"a\.h5 cannot be read: it is truncated or damaged"):
            read_foreign(path)
    path.write_bytes(content[:at] + bytes(100) + content[at + 100 :])
    found = read_foreign(path)
    with pytest.raises(BioLoomError, match=r"a\.h5 cannot be read: it is truncated or damaged"):
        found.read()


def test_an_unknown_filter(file):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((4, 4))
    properties.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, (0,))
    h5py.h5d.create(file.id, b"raw", h5py.h5t.NATIVE_UINT8, h5py.h5s.create_simple((4, 4)), properties)
    with pytest.raises(BioLoomError, match=r"the filter 32001 \(.*not known here; allowed: gzip"):
        opened(file)
