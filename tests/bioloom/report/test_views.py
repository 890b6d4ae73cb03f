from dataclasses import replace

import numpy as np
import pytest

from bioloom.report import views
from bioloom.report.sources import Subject


def test_a_small_image_is_shown_whole(subject):
    made = subject((60, 70))
    (view,) = views.make_views(made)
    assert np.array_equal(view.image, made.image.values)
    assert np.array_equal(view.truth, made.truth.values[0])
    assert np.array_equal(view.labels, made.labels.values[0])
    assert (view.caption, view.overview, view.pixel, view.known) == ("", None, (0.5, 0.5), True)


def test_a_volume_is_shown_from_above_and_from_the_side(subject):
    made = subject((20, 40, 50))
    top, side = views.make_views(made)
    z, y = (int(view.caption.split(" ")[2]) for view in (top, side))
    assert top.caption.startswith("z")
    assert side.caption.startswith("y")
    assert np.array_equal(top.image, made.image.values[:, z])
    assert np.array_equal(side.labels, made.labels.values[0][:, y])
    assert top.outcome.missed or top.outcome.false


def test_a_large_image_is_cropped_where_the_errors_are(subject, monkeypatch):
    monkeypatch.setattr(views, "LARGEST_SIDE", 100)
    monkeypatch.setattr(views, "CROP_SIDE", 64)
    monkeypatch.setattr(views, "OVERVIEW_SIDE", 90)
    monkeypatch.setattr(views, "STRIP_PIXELS", 2000)
    made = subject((150, 260), 60)
    (view,) = views.make_views(made)
    assert view.image.shape == (1, 64, 64)
    assert view.outcome.missed or view.outcome.false
    assert view.overview.image.shape == (50, 87)  # every third pixel
    row, column = (3 * n for n in view.overview.crop.start)
    around = made.image.values[:, max(0, row - 3) : row + 70, max(0, column - 3) : column + 70]
    windows = np.lib.stride_tricks.sliding_window_view(around, view.image.shape)
    assert (windows == view.image).all(axis=(-1, -2, -3)).any()


def test_the_overview_is_the_same_however_it_is_read(subject, monkeypatch):
    monkeypatch.setattr(views, "LARGEST_SIDE", 50)
    monkeypatch.setattr(views, "CROP_SIDE", 32)
    monkeypatch.setattr(views, "OVERVIEW_SIDE", 40)
    made = subject((90, 70))
    (whole,) = views.make_views(made)
    monkeypatch.setattr(views, "STRIP_PIXELS", 1)
    made.image.largest = 0
    (strips,) = views.make_views(made)
    assert np.array_equal(whole.overview.image, strips.overview.image)
    assert made.image.largest < 90 * 70 / 2


@pytest.mark.parametrize("shape", [(30, 40), (9, 30, 40)])
@pytest.mark.parametrize("empty", [True, False])
def test_every_store_but_the_image_may_be_missing(volume, nuclei, object_table, shape, empty):
    image, labels = nuclei(shape, 0 if empty else 8)
    table = object_table(labels)
    for subject in (
        Subject(volume(image)),
        Subject(volume(image), labels=volume(labels[None]), label_table=table),
        Subject(volume(image), volume(labels[None]), None, table),
        Subject(volume(image), volume(labels[None]), volume(labels[None]), table, table),
    ):
        for view in views.make_views(subject):
            assert (view.truth is None) == (subject.truth is None)
            assert (view.labels is None) == (subject.labels is None)
            assert not view.outcome.missed
            assert not view.outcome.false


def with_classes(made):
    """Give the objects of a subject the classes 2 and 5 in turn, the first one none."""
    tables = [
        table.assign(**{"class": ["", *["2", "5"] * len(table)][: len(table)]})
        for table in (made.truth_table, made.label_table)
    ]
    return replace(made, truth_table=tables[0], label_table=tables[1])


@pytest.mark.parametrize("shape", [(60, 70), (20, 40, 50)])
def test_objects_are_shown_with_their_classes(subject, shape):
    made = with_classes(subject(shape))
    for view in views.make_views(made):
        assert view.kinds == (2, 5)
        for table, labels, kinds in (
            (made.truth_table, view.truth, view.truth_kinds),
            (made.label_table, view.labels, view.label_kinds),
        ):
            for label, kind in zip(table["label"], table["class"], strict=True):
                assert (kinds[labels == label] == int(kind or 0)).all()
            assert not kinds[labels == 0].any()


def test_objects_without_classes_and_maps_of_classes_have_no_kinds(subject):
    made = subject((60, 70))
    (view,) = views.make_views(made)
    assert (view.kinds, view.truth_kinds, view.label_kinds) == ((), None, None)
    assert with_classes(replace(made, classes=(0, 2, 5))).kinds == ()
