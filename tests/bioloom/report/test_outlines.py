import numpy as np
import pytest
from skimage.draw import disk

from bioloom.report import style
from bioloom.report.outlines import draw_outlines, outlines


def area(line):
    """Shoelace formula."""
    x, y = line.T
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2


def test_a_single_pixel_has_a_diamond_around_it():
    labels = np.zeros((5, 7), np.uint32)
    labels[2, 4] = 9
    (line,) = outlines(labels)[9]
    assert {tuple(p) for p in line} == {(4, 1.5), (4.5, 2), (4, 2.5), (3.5, 2)}


@pytest.mark.parametrize("background", [True, False])
def test_outlines_hold_the_area_of_the_object(background):
    labels = np.full((40, 50), 0 if background else 7, np.uint32)
    labels[disk((20, 25), 9)] = 4_000_000_000
    (line,) = outlines(labels)[4_000_000_000]
    assert np.array_equal(line[0], line[-1])
    # corners of pixels are cut: half a pixel of area less for every four pixels of boundary at most
    assert area(line) == pytest.approx((labels == 4_000_000_000).sum(), rel=0.1)
    assert line.mean(0) == pytest.approx([25, 20], abs=0.5)
    assert set(outlines(labels)) == {4_000_000_000} | (set() if background else {7})


def test_objects_at_the_border_are_closed_and_rings_have_two_lines():
    labels = np.zeros((10, 10), int)
    labels[0:3, 0:3] = 1
    labels[4:9, 4:9] = 2
    labels[6, 6] = 0
    found = outlines(labels)
    assert len(found[1]) == 1
    assert len(found[2]) == 2
    assert all(np.array_equal(line[0], line[-1]) for lines in found.values() for line in lines)


def test_a_plane_without_objects_has_none():
    assert outlines(np.zeros((4, 4), int)) == {}


def test_only_the_given_objects_are_drawn():
    axes = style.canvas(1).subplots()
    found = outlines(np.array([[1, 0, 2], [0, 0, 0], [3, 0, 0]]))
    draw_outlines(axes, found, [1, 3, 99], "red")
    assert len(axes.collections[0].get_segments()) == 2
