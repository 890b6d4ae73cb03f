from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from bioloom.report import class_colours, overlay, style, views
from bioloom.report.sources import Subject


def drawn(figure, title):
    """Return the outlines of a panel by colour."""
    (axes,) = (a for a in figure.axes if a.get_title(loc="left") == title)
    return {
        to_hex(c.get_edgecolor()[0]): len(c.get_segments()) for c in axes.collections if len(c.get_segments())
    }


@pytest.mark.parametrize("shape", [(60, 70), (12, 40, 50)])
def test_panels_and_colours_tell_what_became_of_the_objects(subject, shape, ink):
    rows = views.make_views(subject(shape))
    figure = overlay.draw(rows)
    assert len(figure.axes) == 3 * len(rows)
    if len(rows) == 1:
        (view,) = rows
        assert sum(drawn(figure, "Ground truth").values()) >= len(view.outcome.pairs) + len(
            view.outcome.missed
        )
        result = drawn(figure, "Result")
        assert result[style.MATCHED.lower()] >= len(view.outcome.matched)
        assert result[style.MISSED.lower()] >= len(view.outcome.missed) > 0
        assert result[style.FALSE.lower()] >= len(view.outcome.false) > 0
    assert [t.get_text().split(" ")[0] for t in figure.legends[0].get_texts()] == [
        "matched",
        "missed",
        "false",
    ]
    assert ink(figure) > 0.5


def test_a_large_image_has_an_overview(subject, monkeypatch):
    monkeypatch.setattr(views, "LARGEST_SIDE", 50)
    monkeypatch.setattr(views, "CROP_SIDE", 32)
    figure = overlay.draw(views.make_views(subject((60, 90))))
    assert [a.get_title(loc="left") for a in figure.axes] == ["Overview", "Image", "Ground truth", "Result"]
    assert len(figure.axes[0].patches) == 2


def test_only_what_there_is_is_drawn(volume, nuclei, ink):
    image, labels = nuclei((40, 50), 6)
    bare = overlay.draw(views.make_views(Subject(volume(image))))
    assert [a.get_title(loc="left") for a in bare.axes] == ["Image"]
    assert not bare.legends
    found = overlay.draw(views.make_views(Subject(volume(image), labels=volume(labels[None]))))
    assert set(drawn(found, "Result")) == {style.MATCHED.lower()}
    empty = overlay.draw(views.make_views(Subject(volume(image), labels=volume(np.zeros((1, 40, 50), int)))))
    assert drawn(empty, "Result") == {}
    assert all(ink(figure) > 0.3 for figure in (bare, found, empty))


@pytest.mark.parametrize("shape", [(8, 300), (300, 8), (1, 1)])
def test_odd_shapes_can_be_drawn(volume, shape, ink):
    image = np.arange(np.prod(shape)).reshape(1, *shape)
    assert ink(overlay.draw(views.make_views(Subject(volume(image))))) > 0


def test_the_scale_bar_needs_a_voxel_size(subject):
    (view,) = views.make_views(subject((60, 70)))
    texts = [
        overlay.draw([replace(view, known=known)]).axes[0].texts[0].get_text() for known in (True, False)
    ]
    assert texts == ["5 µm", "10 pixels"]


def test_classes_of_objects_are_colours_under_their_outlines(subject):
    (view,) = views.make_views(subject((60, 70)))
    kinds = {"kinds": (1, 2), "truth_kinds": (view.truth > 0) + 0, "label_kinds": 2 * (view.labels > 0)}
    figure = overlay.draw([replace(view, **kinds)])
    shown = [np.asarray(axes.images[-1].get_array()) for axes in figure.axes]
    for picture, there, colour in (
        (shown[1], view.truth > 0, class_colours.OF_OBJECTS[0]),
        (shown[2], view.labels > 0, class_colours.OF_OBJECTS[1]),
    ):
        assert picture.shape == (60, 70, 3)
        strongest = picture[there].mean(axis=0).argmax()
        assert strongest == np.argmax(to_rgb(colour))
        assert np.ptp(picture[~there], axis=1).max() == 0
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[-2:] == ["class 1", "class 2"]
    assert texts[0] == "matched"
