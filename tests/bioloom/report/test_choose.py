from math import nan

import pytest

from bioloom.report.choose import choose_images

SCORES = {f"test_{i}": s for i, s in enumerate([0.9, 0.1, 0.5, 0.7, nan, 0.8, 0.2])}


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, [("test_3", "median")]),
        (2, [("test_3", "median"), ("test_1", "worst")]),
        (3, [("test_0", "best"), ("test_3", "median"), ("test_1", "worst")]),
        (4, [("test_0", "best"), ("test_5", "rank 2 of 6"), ("test_3", "median"), ("test_1", "worst")]),
        (0, []),
    ],
)
def test_the_telling_images_come_first(count, expected):
    assert [(c.image, c.reason) for c in choose_images(SCORES, count)] == expected


def test_all_images_are_shown_when_there_are_few():
    chosen = choose_images(SCORES, 99)
    assert [c.score for c in chosen] == sorted((s for s in SCORES.values() if s == s), reverse=True)


def test_lower_is_better_for_errors():
    assert [c.score for c in choose_images(SCORES, 3, metric="mae")] == [0.1, 0.5, 0.9]


def test_without_scores_the_first_images_are_shown():
    chosen = choose_images({"b": nan, "a": nan, "c": nan}, 2)
    assert [(c.image, c.reason, c.score) for c in chosen] == [("a", "", None), ("b", "", None)]
    assert choose_images({}, 3) == []


def test_ties_are_settled_by_name():
    assert [c.image for c in choose_images({"b": 1.0, "a": 1.0, "c": 1.0}, 3)] == ["a", "b", "c"]
    assert choose_images({"only": 0.3}, 4)[0].reason == ""
