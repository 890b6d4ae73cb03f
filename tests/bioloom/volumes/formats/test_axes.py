from pathlib import Path

import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.volumes.formats.axes import MICROMETRES, letters_of, open_array


def test_names_of_axes():
    assert letters_of(["time", "Channel", "z", "Y", "x"]) == "TCZYX"
    assert letters_of(["velocity", "y", ""]) == "QYQ"


def test_units():
    expected = {"nanometer": 1e-3, "µm": 1, "mm": 1e3, "m": 1e6, "angstrom": 1e-4}
    assert {unit: MICROMETRES[unit] for unit in expected} == expected


@pytest.mark.parametrize(
    ("shape", "axes", "given", "expected"),
    [
        ((1, 1, 4, 5, 6), "TCZYX", None, "ZYX"),
        ((1, 1, 1, 5, 6), "TCZYX", None, "YX"),
        ((3, 1, 1, 1, 6), "TCZYX", None, "TYX"),
        ((1, 1, 1, 5, 6), "TCZYX", "ZYX", "ZYX"),
        ((1, 1, 1, 5, 6), "TCZYX", "TCZYX", "TCZYX"),
        ((1, 5, 6), None, None, "YX"),
        ((1, 4, 5, 6), None, None, "ZYX"),
        ((1, 5, 6), None, "ZYX", "ZYX"),
        ((2, 5, 6), None, "CYX", "CYX"),
        ((5, 1), None, None, "YX"),
    ],
)
def test_axes_of_length_one_count_where_they_are_named(shape, axes, given, expected):
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    found = open_array(Path("a"), values, axes, given, labels=False)
    assert found.axes == expected
    found = found.at(0)
    first = values[0] if "T" in expected and shape[0] > 1 else values
    np.testing.assert_array_equal(found.read(), first.reshape(found.channels, *found.spatial))


def test_sizes_count_if_all_are_known():
    values = np.zeros((4, 5, 6))
    sizes = {"Z": 2.0, "Y": 0.5, "X": 0.25}
    assert open_array(Path("a"), values, "ZYX", None, labels=False, sizes=sizes).spacing == (2.0, 0.5, 0.25)
    assert open_array(Path("a"), values[0], "YX", None, labels=False, sizes=sizes).spacing == (0.5, 0.25)
    del sizes["Z"]
    assert open_array(Path("a"), values, "ZYX", None, labels=False, sizes=sizes).spacing is None


def test_axes_that_say_nothing():
    with pytest.raises(BioLoomError, match="unclear"):
        open_array(Path("a"), np.zeros((2, 3, 4, 5, 6)), None, None, labels=False)
    with pytest.raises(BioLoomError, match="unclear"):
        open_array(Path("a"), np.zeros((2, 3, 4)), "QQX", None, labels=False)
