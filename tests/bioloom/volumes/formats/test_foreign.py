from pathlib import Path

import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.volumes.formats import foreign
from bioloom.volumes.formats.foreign import Mapped, open_foreign

PATH = Path("a.tif")


def opened(shape, axes, given=None, labels=False, dtype=np.uint16):
    source = np.random.default_rng(0).integers(0, 99, shape).astype(dtype)
    return source, open_foreign(PATH, source, axes, given, labels=labels)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("limit", [1, 600, 1 << 22])
def test_parts_of_a_mapped_file(tmp_path, monkeypatch, order, limit):
    monkeypatch.setattr(foreign, "_MAPPED", limit)
    values = np.random.default_rng(0).integers(0, 99, (7, 6, 9, 5)).astype(np.uint16)
    (tmp_path / "a.raw").write_bytes(b"head" + values.tobytes(order))
    mapped = Mapped(tmp_path / "a.raw", values.dtype, 4, values.shape, order)
    for index in (
        np.s_[:, :, :, :],
        np.s_[2:6, 1:2, 3:9, 0:5],
        np.s_[3, :, 2:4, :],
        np.s_[1:7, 0, :, 4],
        np.s_[:, 2, 1, 0:3],
        np.s_[3:3, :, :, 1:4],
    ):
        np.testing.assert_array_equal(mapped[index], values[index])
        assert type(mapped[index]) is np.ndarray


@pytest.mark.parametrize(
    ("axes", "einsum"),
    [
        ("YX", "yx->yx"),
        ("ZYX", "zyx->zyx"),
        ("CYX", "cyx->cyx"),
        ("YXS", "yxc->cyx"),
        ("ZCYX", "zcyx->czyx"),
        ("XYZC", "xyzc->czyx"),
        ("XZY", "xzy->zyx"),
    ],
)
def test_any_order_becomes_canonical(axes, einsum):
    sides = dict(zip("CSZYX", (3, 3, 4, 5, 6), strict=True))
    source, found = opened([sides[a] for a in axes], axes)
    expected = np.einsum(einsum, source).reshape(found.channels, *found.spatial)
    np.testing.assert_array_equal(found.read(), expected)
    box = Box((1,) * found.ndim, (4, 3, 5)[: found.ndim])
    np.testing.assert_array_equal(found.read(box), expected[(slice(None), *box.slices)])
    assert found.read().flags.c_contiguous
    assert found.spatial == tuple(sides[a] for a in "ZYX" if a in axes)


def test_axes_of_length_one():
    source, found = opened((1, 4, 1, 5, 6, 1), "TZCYXS")
    np.testing.assert_array_equal(found.read(), source.reshape(1, 4, 5, 6))
    source, found = opened((1, 5, 6, 3), "CYXS")
    np.testing.assert_array_equal(found.read(), source[0].transpose(2, 0, 1))
    assert found.channel_names == ("red", "green", "blue")


def test_a_plain_stack_is_a_z_stack_unless_the_user_says_otherwise():
    assert opened((4, 5, 6), "IYX")[1].axes == "ZYX"
    assert opened((4, 5, 6), "QYX", "CYX")[1].channels == 4
    assert opened((4, 5, 6), "YXS", "ZYX")[1].spatial == (4, 5, 6)


def test_labels_may_lack_the_channel_axis_of_their_images():
    assert opened((4, 5, 6), "QYX", "CZYX", labels=True)[1].spatial == (4, 5, 6)
    assert opened((5, 6), "YX", "YXC", labels=True)[1].spatial == (5, 6)
    with pytest.raises(BioLoomError, match=r"data\.axes says CZYX"):
        opened((4, 5, 6), "QYX", "CZYX")


@pytest.mark.parametrize("axes", ["TCZYX", "ZTYXC", "YXT", "TYXS", "XYCZT"])
def test_time_points_and_regions_of_any_order(axes):
    sides = dict(zip("TCSZYX", (3, 2, 3, 4, 5, 6), strict=True))
    source, found = opened([sides[a] for a in axes], axes)
    assert found.times == 3
    order = "".join(a for a in "TCSZYX" if a in axes)
    expected = np.einsum(f"{axes.lower()}->{order.lower()}", source)
    expected = expected.reshape(3, found.channels, *found.spatial)
    for time in range(3):
        np.testing.assert_array_equal(found.at(time).read(), expected[time])
    region = Box((1,) * found.ndim, (4, 4, 5)[-found.ndim :])
    view = found.inside(region).at(2)
    part = expected[2][(slice(None), *region.slices)]
    assert (view.spatial, view.channels, view.times) == (region.shape, found.channels, 3)
    np.testing.assert_array_equal(view.read(), part)
    box = Box((1,) * found.ndim, (2,) * found.ndim)
    np.testing.assert_array_equal(view.read(box), part[(slice(None), *box.slices)])


def test_a_time_point_must_be_chosen():
    found = opened((3, 5, 6), "ZYX", "TYX")[1]
    with pytest.raises(ValueError, match="which of the 3 time points"):
        found.read()
    np.testing.assert_array_equal(opened((1, 5, 6), "TYX")[1].read(), opened((1, 5, 6), "CYX")[0])


def test_labels_may_lack_time_which_is_noticed_later():
    """What the user says of the axes is said of the images."""
    assert opened((4, 5, 6), "ZYX", "TCYX", labels=True)[1].axes == "TYX"
    assert opened((4, 5, 6), "ZYX", "TZYX", labels=True)[1].axes == "ZYX"
    assert opened((5, 6), "YX", "TCYX", labels=True)[1].axes == "YX"
    assert opened((3, 4, 5, 6), "CZYX", "TCZYX", labels=True)[1].axes == "TZYX"
    with pytest.raises(BioLoomError, match=r"data\.axes says TYX"):
        opened((5, 6), "YX", "TYX")


@pytest.mark.parametrize(
    ("shape", "axes", "given", "says"),
    [
        ((5, 6), "YX", "ZYX", r"data.axes says ZYX, but a.tif has 2 axes: shape \(5, 6\), by itself YX"),
        ((2, 5, 6, 3), "CYXS", None, "2 channels of 3 colours"),
        ((2, 2, 5, 6), "QQYX", None, "unclear"),
        ((2, 4, 5, 6), "QZYX", None, "unclear"),
        ((2, 5, 6), "HYX", None, "unclear"),
        ((5, 6), "ZX", None, "unclear"),
        ((5,), "X", None, "unclear"),
        ((0, 6), "YX", None, "is empty"),
    ],
)
def test_axes_that_make_no_sense(shape, axes, given, says):
    with pytest.raises(BioLoomError, match=says):
        opened(shape, axes, given)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("bool", "uint8"),
        (">u2", "uint16"),
        ("int32", "int32"),
        ("int64", "int64"),
        ("float16", "float32"),
        ("float64", "float32"),
        (">f4", "float32"),
    ],
)
def test_dtypes(dtype, expected):
    source, found = opened((5, 6), "YX", dtype=dtype)
    assert found.dtype == found.read().dtype == np.dtype(expected)
    assert found.read().dtype.isnative
    np.testing.assert_array_equal(found.read()[0], source.astype(expected))


@pytest.mark.parametrize("dtype", ["complex64", "S3", "longdouble"])
def test_other_dtypes(dtype):
    with pytest.raises(BioLoomError, match="values of type"):
        open_foreign(PATH, np.zeros((5, 6), dtype), "YX", None, labels=False)
