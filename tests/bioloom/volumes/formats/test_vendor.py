import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.volumes.formats import read_foreign

VALUES = np.random.default_rng(0).integers(0, 999, (3, 2, 4, 5, 6), np.uint16)


class UnsupportedFileFormatError(Exception):
    pass


class Lazy:
    """What we use of a dask array."""

    def __init__(self, values):
        self.values, self.shape, self.dtype = values, values.shape, values.dtype

    def __getitem__(self, index):
        return SimpleNamespace(compute=lambda: self.values[index])


def image(values=VALUES, order="TCZYX", **more):
    found = {
        "dims": SimpleNamespace(order=order),
        "dask_data": Lazy(values),
        "physical_pixel_sizes": SimpleNamespace(Z=2.0, Y=0.5, X=0.25),
        "channel_names": ["DAPI", "GFP"],
        "scenes": ("Image:0",),
    }
    return SimpleNamespace(**found | more)


@pytest.fixture
def bioio(monkeypatch, tmp_path):
    """Put a module `bioio` in place whose BioImage returns, or raises, what it is told to."""

    def place(result, suffix=".nd2"):
        def make(path):
            assert path == tmp_path / f"a{suffix}"
            if isinstance(result, Exception):
                raise result
            return result

        module = ModuleType("bioio")
        module.BioImage = make
        monkeypatch.setitem(sys.modules, "bioio", module)
        (tmp_path / f"a{suffix}").touch()
        return tmp_path / f"a{suffix}"

    return place


@pytest.mark.parametrize("suffix", [".nd2", ".czi", ".lif", ".dv"])
def test_axes_sizes_and_channels(bioio, suffix):
    found = read_foreign(bioio(image(), suffix))
    assert (found.axes, found.spacing, found.channel_names) == ("TCZYX", (2.0, 0.5, 0.25), ("DAPI", "GFP"))
    np.testing.assert_array_equal(found.at(2).read(), VALUES[2])
    box = Box((1, 2, 3), (3, 4, 6))
    np.testing.assert_array_equal(found.at(1).read(box), VALUES[1, :, 1:3, 2:4, 3:6])


def test_planes_and_colours(bioio):
    sizes = SimpleNamespace(Z=None, Y=0.5, X=0.25)
    found = read_foreign(bioio(image(VALUES[:1, :1, :1], physical_pixel_sizes=sizes, channel_names=["a"])))
    assert (found.axes, found.spacing, found.channel_names) == ("YX", (0.5, 0.25), ("a",))
    colours = np.random.default_rng(0).integers(0, 99, (1, 1, 1, 5, 6, 3), np.uint8)
    found = read_foreign(bioio(image(colours, "TCZYXS", channel_names=None)))
    np.testing.assert_array_equal(found.read(), colours[0, 0, 0].transpose(2, 0, 1))


@pytest.mark.parametrize(("unit", "expected"), [("nanometer", 5e-4), (None, 0.5), ("parsec", None)])
def test_units(bioio, unit, expected):
    about = SimpleNamespace(**{axis: SimpleNamespace(unit=unit) for axis in "ZYX"})
    sizes = SimpleNamespace(Z=0.5, Y=0.5, X=0.5)
    found = read_foreign(bioio(image(physical_pixel_sizes=sizes, dimension_properties=about)))
    assert found.spacing == (expected and pytest.approx((expected,) * 3))


def test_without_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "bioio", None)
    for suffix, fix in ((".nd2", r"pip install 'bioloom\[formats\]',"), (".czi", r"\[formats\]' bioio-czi,")):
        (tmp_path / f"a{suffix}").touch()
        with pytest.raises(BioLoomError, match=rf"which reads \{suffix}, is not installed; fix: .*{fix}"):
            read_foreign(tmp_path / f"a{suffix}")


def test_what_is_refused(bioio):
    with pytest.raises(BioLoomError, match=r"no plug-in of BioIO .*pip install bioio-lif"):
        read_foreign(bioio(UnsupportedFileFormatError("x"), ".lif"))
    with pytest.raises(BioLoomError, match=r"a\.nd2 cannot be read: it is truncated or damaged \(cut"):
        read_foreign(bioio(OSError("cut")))
    with pytest.raises(BioLoomError, match=r"a\.nd2 holds 3 scenes: a, b, c; allowed: one image per file"):
        read_foreign(bioio(image(scenes=("a", "b", "c"))))
