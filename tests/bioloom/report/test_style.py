import itertools

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from skimage.color import deltaE_ciede2000, rgb2lab

from bioloom.report import style

# Machado, Oliveira & Fernandes (2009), severity 1.0: how dichromats see linear RGB.
DICHROMATS = {
    "nobody": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


@pytest.mark.parametrize("eyes", DICHROMATS)
def test_the_three_outcomes_differ_for_all_eyes(eyes):
    linear = np.array([to_rgb(c) for c in (style.MATCHED, style.MISSED, style.FALSE)]) ** 2.2
    seen = np.clip(linear @ np.array(DICHROMATS[eyes]).T, 0, 1) ** (1 / 2.2)
    lab = rgb2lab(seen[None])[0]
    assert min(deltaE_ciede2000(a, b) for a, b in itertools.combinations(lab, 2)) > 15


def test_drawing_leaves_the_settings_of_matplotlib_alone():
    before = dict(matplotlib.rcParams)

    @style.styled
    def draw():
        assert matplotlib.rcParams["axes.grid"]
        return style.canvas(1.0)

    style.svg(draw())
    assert dict(matplotlib.rcParams) == before


def test_files_are_equal_every_time_and_carry_no_date():
    @style.styled
    def draw():
        figure = style.canvas(1.0, width=2.0)
        figure.subplots().plot([1, 2], [3, 4])
        return figure

    assert style.png(draw()) == style.png(draw())
    assert style.svg(draw()) == style.svg(draw())
    assert b"<dc:date>" not in style.svg(draw())


def test_png_has_two_pixels_for_every_css_pixel():
    png = style.png(style.canvas(1.5, width=3.0))
    assert int.from_bytes(png[16:20], "big") == 2 * 300
    assert int.from_bytes(png[20:24], "big") == 2 * 150
