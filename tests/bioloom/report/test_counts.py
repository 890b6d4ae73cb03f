import numpy as np

from bioloom.report import counts


def test_one_dot_per_image(ink):
    truth, found = np.array([3.0, 10, 40]), np.array([4.0, 9, 40])
    figure = counts.draw(truth, found)
    (dots,) = (line for line in figure.axes[0].lines if line.get_label() == "an image")
    assert np.array_equal(dots.get_xydata(), np.stack([truth, found], 1))
    assert figure.axes[0].get_xlim() == figure.axes[0].get_ylim()
    assert ink(figure) > 0.01


def test_images_without_objects_can_be_drawn(ink):
    assert ink(counts.draw(np.zeros(2), np.zeros(2))) > 0.01
