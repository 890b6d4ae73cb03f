import numpy as np
import pytest

from bioloom.evaluate.matching import match_counts
from bioloom.postprocess.calibrate import fit_thresholds
from bioloom.report import thresholds

PAIRS = [(foreground, seed) for foreground in (0.3, 0.5) for seed in (0.2, 0.4, 0.6)]
ROWS = [{"foreground": f, "seed": s, "f1": 1 - (f - 0.5) ** 2 - (s - 0.4) ** 2} for f, s in PAIRS]


def test_the_map_shows_every_pair_and_frames_the_chosen_one(ink):
    figure = thresholds.draw(thresholds.as_table(ROWS), (0.5, 0.4))
    axes = figure.axes[0]
    expected = np.array([row["f1"] for row in ROWS]).reshape(2, 3)
    assert np.asarray(axes.images[0].get_array()) == pytest.approx(expected)
    assert [text.get_text() for text in axes.texts] == [f"{value:.3f}" for value in expected.ravel()]
    assert axes.patches[0].get_xy() == (0.5, 0.5)
    assert ink(figure) > 0.1


def test_a_missing_pair_and_an_unknown_choice(ink):
    rows = [{**ROWS[0], "f1": np.nan}, *ROWS[1:4]]
    figure = thresholds.draw(thresholds.as_table(rows), (0.45, 0.4))
    assert not figure.axes[0].patches
    assert ink(figure) > 0.1


@pytest.mark.parametrize("rows", [None, [], ROWS[:1], [{"foreground": 0.5, "f1": 1.0}] * 2])
def test_what_is_no_grid_is_not_drawn(rows):
    assert not thresholds.drawable(thresholds.as_table(rows))
    assert thresholds.drawable(thresholds.as_table(ROWS))


def test_what_the_step_fit_finds_is_drawn():
    truth = np.zeros((20, 20), int)
    truth[4:9, 4:9] = 1
    prediction = np.stack([truth, truth]).astype(np.float32)
    found = fit_thresholds(
        [(prediction, truth, (1.0, 1.0))],
        [{"name": "watershed", "seeds": "center", "topography": "center"}],
        match_counts,
        channels=("foreground", "center"),
    )
    assert thresholds.drawable(thresholds.as_table(list(found.curve)))
