import numpy as np
from matplotlib.colors import to_rgb

from bioloom.report.class_colours import COLOURS, OTHER, STRENGTH, colour_of, coloured, handles


def test_every_class_but_the_background_has_a_colour():
    ids = np.array([[0, 1], [5, 9]])
    picture = coloured(np.full((2, 2), 0.4), ids, (0, 1, 5))
    assert picture.shape == (2, 2, 3)
    np.testing.assert_allclose(picture[0, 0], 0.4, rtol=1e-6)
    for place, colour in (((0, 1), COLOURS[0]), ((1, 0), COLOURS[1]), ((1, 1), OTHER)):
        expected = (1 - STRENGTH) * 0.4 + STRENGTH * np.array(to_rgb(colour))
        np.testing.assert_allclose(picture[place], expected, rtol=1e-5)


def test_colours_repeat_after_the_last_one():
    classes = range(len(COLOURS) + 2)
    assert colour_of(len(COLOURS) + 1, classes) == COLOURS[0]
    assert colour_of(0, classes) is None


def test_the_legend_names_the_classes():
    assert [handle.get_label() for handle in handles((0, 1, 5))] == ["class 1", "class 5"]
