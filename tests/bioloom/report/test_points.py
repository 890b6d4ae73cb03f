"""Points in the report: which of them are shown, and how."""

from dataclasses import dataclass

import numpy as np
import pytest
from matplotlib.colors import to_hex

from bioloom.report import point_overlay, style, threshold_curve
from bioloom.report.point_views import PointSubject, make_view
from bioloom.report.thresholds import as_table
from bioloom.volumes.points import Points


@dataclass
class Image:
    """An image in memory."""

    values: np.ndarray
    spacing: tuple[float, ...]

    @property
    def spatial(self):
        return self.values.shape[1:]

    @property
    def facts(self):
        return {}

    def read(self, box=None):
        return self.values if box is None else self.values[(slice(None), *box.slices)]


def image(shape, spacing=None):
    rng = np.random.default_rng(0)
    return Image(rng.random((1, *shape)).astype(np.float32), spacing or (1.0,) * len(shape))


def test_points_of_a_plane_are_sorted_by_what_became_of_them():
    truth = Points.of([[5.0, 5], [5, 20], [20, 20]], ["a", "a", "b"])
    found = Points.of([[6.0, 5], [20, 21], [30, 30]], ["a", "a", "b"])
    view = make_view(PointSubject(image((40, 50)), found, truth, 2.0))
    assert view.truth.tolist() == truth.places.tolist()
    assert view.matched.tolist() == [[6, 5]]
    assert view.missed.tolist() == [[5, 20], [20, 20]], "a match of another class is none"
    assert view.false.tolist() == [[20, 21], [30, 30]]
    assert (view.radius, view.caption) == ((2, 2), "")


def test_points_that_know_no_class_match_any():
    view = make_view(PointSubject(image((40, 50)), Points.of([[5.0, 5]]), Points.of([[5.0, 6]], ["a"]), 2.0))
    assert (len(view.matched), len(view.missed), len(view.false)) == (1, 0, 0)


def test_without_truth_all_points_are_found():
    view = make_view(PointSubject(image((40, 50)), Points.of([[5.0, 5], [9, 9]])))
    assert not view.judged
    assert len(view.matched) == 2
    figure = point_overlay.draw(view, known=True)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Image", "Result"]


def test_of_a_volume_the_slice_near_most_points_is_shown():
    spacing = (2.0, 0.5, 0.5)
    places = np.array([[3.0, 10, 10], [4, 20, 20], [8, 30, 30]])
    subject = PointSubject(image((12, 60, 60), spacing), Points.of(places), Points.of(places), 2.5)
    view = make_view(subject)
    assert view.caption.startswith(("z = 3", "z = 4"))
    assert sorted(view.matched.tolist()) == [[10, 10], [20, 20]]
    assert view.radius == (5, 5)


def test_of_a_large_plane_the_part_with_most_errors_is_shown():
    rng = np.random.default_rng(0)
    right = rng.uniform(50, 300, (50, 2))
    wrong = rng.uniform(1500, 1600, (9, 2))
    subject = PointSubject(
        image((1700, 1800)), Points.of(right), Points.of(np.concatenate([right, wrong])), 5.0
    )
    view = make_view(subject)
    assert len(view.missed) == 9
    assert len(view.matched) == 0
    assert view.image.shape[1:] == (512, 512)
    assert view.caption.startswith("from y = ")


@pytest.mark.parametrize("shape", [(40, 50), (6, 40, 50)])
def test_colours_tell_what_became_of_the_points(shape, ink):
    first = (2.0,) * (len(shape) - 2)
    truth = Points.of([[*first, 5, 5], [*first, 5, 20], [*first, 9, 20]])
    found = Points.of([[*first, 6, 5], [*first, 30, 30]])
    figure = point_overlay.draw(make_view(PointSubject(image(shape), found, truth, 2.0)), known=False)
    panels = {axes.get_title(loc="left").split("\u2002")[0]: axes for axes in figure.axes}
    assert list(panels) == ["Image", "Ground truth", "Result"]
    drawn = {to_hex(c.get_edgecolor()[0]): len(c.get_offsets()) for c in panels["Result"].collections}
    assert drawn == {style.MATCHED.lower(): 1, style.MISSED.lower(): 2, style.FALSE.lower(): 1}
    assert len(panels["Ground truth"].collections[0].get_offsets()) == 3
    assert [text.get_text().split(" ")[0] for text in figure.legends[0].get_texts()] == [
        "matched",
        "missed",
        "false",
    ]
    assert ink(figure) > 0.3


def test_the_curve_of_one_threshold_marks_the_one_taken():
    curve = as_table([{"peak": 0.1 * n, "f1": 0.5 + 0.03 * n} for n in range(1, 9)])
    assert threshold_curve.drawable(curve)
    (axes,) = threshold_curve.draw(curve, 0.8).axes
    assert axes.lines[1].get_xdata()[0] == 0.8
    assert not threshold_curve.drawable(curve.iloc[:1])
    assert not threshold_curve.drawable(as_table(None))
