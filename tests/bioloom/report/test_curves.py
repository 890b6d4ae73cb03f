import numpy as np
import pandas as pd
import pytest

from bioloom.report import curves


@pytest.fixture
def history():
    steps = np.arange(10, 210, 10)
    losses = np.exp(-steps / 60.0) + 0.1
    losses[15:] += 0.05
    return pd.DataFrame(
        {"step": steps, "learning_rate": 1e-3, "train_loss": losses * 0.9, "val_loss": losses, "seconds": 1.0}
    )


def test_curves_hold_the_history_and_mark_the_best(history, ink):
    figure = curves.draw(history)
    loss, rate = figure.axes
    lines = {line.get_label(): line.get_data() for line in loss.lines}
    assert np.array_equal(lines["training"][1], history["train_loss"])
    assert np.array_equal(lines["validation"][0], history["step"])
    best = history.loc[history["val_loss"].idxmin()]
    (label,) = (label for label in lines if label.startswith("best"))
    assert label == f"best: {best['val_loss']:.3g} at step {best['step']:.0f}"
    assert lines[label] == (pytest.approx([best["step"]]), pytest.approx([best["val_loss"]]))
    assert np.array_equal(rate.lines[0].get_ydata(), history["learning_rate"])
    assert ink(figure) > 0.01


def test_the_best_is_the_first_lowest_and_skips_nan():
    assert curves.best_row(pd.DataFrame({"val_loss": [np.nan, 2.0, 1.0, 1.0]})) == 2
    assert curves.best_row(pd.DataFrame({"val_loss": [np.nan]})) is None
    assert curves.best_row(pd.DataFrame({"train_loss": [1.0]})) is None


@pytest.mark.parametrize("missing", [["val_loss"], ["learning_rate"], ["val_loss", "train_loss"]])
def test_missing_and_empty_columns_are_left_out(history, missing, ink):
    assert ink(curves.draw(history.drop(columns=missing))) > 0
    assert ink(curves.draw(history.assign(**dict.fromkeys(missing, np.nan)))) > 0


def test_one_row_and_negative_losses(history, ink):
    assert ink(curves.draw(history.iloc[:1])) > 0
    assert ink(curves.draw(history.assign(val_loss=-history["val_loss"]))) > 0
