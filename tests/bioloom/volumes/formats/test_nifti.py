import gzip
from struct import pack_into

import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.preprocess.checks import spacing_of
from bioloom.volumes.formats import read_foreign

CODES = {"uint8": 2, "int16": 4, "int32": 8, "float32": 16, "float64": 64, "int8": 256, "uint16": 512}
CODES |= {"uint32": 768, "int64": 1024, "uint64": 1280}
VALUES = np.random.default_rng(0).integers(0, 200, (2, 3, 4, 5, 6), np.uint16)


def nifti(path, values, *, version=1, order="<", pixdim=(0.25, 0.5, 2.0), units=3, slope=(0, 0), code=None):
    """Write `values`, whose axes count from the last of the file on, as nifti1.h and nifti2.h say."""
    header = bytearray(352 if version == 1 else 544)
    shape = values.shape[::-1] if code is None else values.shape[-2::-1]
    dim = (len(shape), *shape, *[1] * (7 - len(shape)))
    pixels = (1, *pixdim, 1, 1, 1, 1)
    code = code or CODES[str(values.dtype)]
    if version == 1:
        fields = [("i", 0, [348]), ("8h", 40, dim), ("h", 70, [code]), ("8f", 76, pixels)]
        fields += [("f", 108, [352]), ("2f", 112, slope), ("B", 123, [units]), ("4s", 344, [b"n+1\0"])]
    else:
        fields = [("i", 0, [540]), ("4s", 4, [b"n+2\0"]), ("h", 12, [code]), ("8q", 16, dim)]
        fields += [("8d", 104, pixels), ("q", 168, [544]), ("2d", 176, slope), ("i", 500, [units])]
    for form, offset, numbers in fields:
        pack_into(order + form, header, offset, *numbers)
    content = bytes(header) + values.astype(values.dtype.newbyteorder(order)).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "values", [VALUES[0, 0, 0], VALUES[0, 0], VALUES[:, 0, None]], ids=["2D", "3D", "5D"]
)
def test_axes_are_reversed(tmp_path, name, version, order, values):
    found = read_foreign(nifti(tmp_path / name, values, version=version, order=order))
    expected = values.reshape(-1, *values.shape[-found.ndim :])
    np.testing.assert_array_equal(found.read(), expected)
    box = Box((1,) * found.ndim, tuple(side - 1 for side in found.spatial))
    np.testing.assert_array_equal(found.read(box), expected[(slice(None), *box.slices)])
    assert found.spacing == (2.0, 0.5, 0.25)[-found.ndim :]


def test_time_and_channels(tmp_path):
    path = nifti(tmp_path / "a.nii", VALUES[0])
    found = read_foreign(path)
    assert (found.axes, found.times) == ("TZYX", 3)
    np.testing.assert_array_equal(found.at(2).read()[0], VALUES[0, 2])
    np.testing.assert_array_equal(read_foreign(path, "CZYX").read(), VALUES[0])
    found = read_foreign(nifti(tmp_path / "a.nii", VALUES))
    assert (found.axes, found.channels) == ("CTZYX", 2)
    np.testing.assert_array_equal(found.at(1).read(), VALUES[:, 1])


def test_colours(tmp_path):
    values = VALUES[0, 0, :, :, :3].astype(np.uint8)
    found = read_foreign(nifti(tmp_path / "a.nii", values, code=128))
    assert found.channel_names == ("red", "green", "blue")
    np.testing.assert_array_equal(found.read(), values.transpose(2, 0, 1))


@pytest.mark.parametrize("dtype", CODES)
def test_types(tmp_path, dtype):
    values = VALUES[0, 0].astype(dtype)
    np.testing.assert_array_equal(read_foreign(nifti(tmp_path / "a.nii", values)).read()[0], values)


@pytest.mark.parametrize(
    ("units", "expected"),
    [(3, (2.0, 0.5, 0.25)), (2, (2000.0, 500.0, 250.0)), (1, (2e6, 5e5, 2.5e5)), (0, None)],
)
def test_units(tmp_path, units, expected):
    # The bits behind the unit of space are that of time.
    assert read_foreign(nifti(tmp_path / "a.nii", VALUES[0, 0], units=units | 8)).spacing == expected


def test_a_voxel_size_that_is_none(tmp_path):
    path = nifti(tmp_path / "a.nii", VALUES[0, 0], pixdim=(0.5, 0.5, 0))
    with pytest.raises(BioLoomError, match=r"voxel size 0 x 0\.5 x 0\.5; allowed: positive"):
        spacing_of(read_foreign(path), None)


@pytest.mark.parametrize("version", [1, 2])
def test_intensities_are_scaled_and_labels_are_not(tmp_path, version):
    path = nifti(tmp_path / "a.nii", VALUES[0, 0], slope=(0.5, -3), version=version)
    found = read_foreign(path)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found.read()[0], VALUES[0, 0] * 0.5 - 3)
    with pytest.raises(BioLoomError, match=r"labels .*scaled by 0\.5 and shifted by -3"):
        read_foreign(path, labels=True)
    for slope in ((1, 0), (0, 9), (np.nan, 0)):
        assert read_foreign(nifti(path, VALUES[0, 0], slope=slope), labels=True).dtype == np.uint16


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_truncated(tmp_path, name):
    path = nifti(tmp_path / name, VALUES)
    content = path.read_bytes()
    for share in (0.0, 0.05, 0.5, 0.99):
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(BioLoomError, match="cannot be read: it is truncated or damaged"):
            read_foreign(path)


def test_what_is_refused(tmp_path):
    path = nifti(tmp_path / "a.nii", VALUES)
    content = bytearray(path.read_bytes())
    path.write_bytes(content.replace(b"n+1\0", b"ni1\0"))
    with pytest.raises(BioLoomError, match="no NIfTI file with its voxels inside"):
        read_foreign(path)
    with pytest.raises(BioLoomError, match="values of type 32"):
        read_foreign(nifti(path, VALUES.astype(np.uint8), code=32))
    pack_into("<8h", content, 40, 1, 6, 1, 1, 1, 1, 1, 1)
    path.write_bytes(content)
    with pytest.raises(BioLoomError, match="has the shape"):
        read_foreign(path)
