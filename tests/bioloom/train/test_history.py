import os

import pandas as pd
import pytest

from bioloom.train.history import write_history


def row(step, **losses):
    return {
        "step": step,
        "learning_rate": 1 / 3,
        "train_loss": 0.5,
        "val_loss": 0.25,
        **losses,
        "seconds": 1.5,
        "waiting": 0.0,
    }


def test_pandas_reads_what_was_written(tmp_path):
    path = tmp_path / "history.csv"
    write_history(
        path, [row(10, train_dice=0.125, val_dice=1e-12), row(20, train_dice=float("nan"), val_dice=2)]
    )
    table = pd.read_csv(path)
    assert list(table) == [
        "step",
        "learning_rate",
        "train_loss",
        "val_loss",
        "train_dice",
        "val_dice",
        "seconds",
        "waiting",
    ]
    assert table.step.dtype.kind == "i"
    assert table.learning_rate[0] == pytest.approx(1 / 3, rel=1e-8)
    assert table.val_dice.tolist() == [1e-12, 2.0]
    assert table.train_dice.isna().tolist() == [False, True]
    assert os.listdir(tmp_path) == ["history.csv"]


def test_a_loss_that_a_row_lacks_is_nan_there(tmp_path):
    write_history(tmp_path / "h.csv", [row(1), row(2, train_dice=1.0)])
    assert pd.read_csv(tmp_path / "h.csv").train_dice.isna().tolist() == [True, False]


def test_no_rows_give_a_header(tmp_path):
    write_history(tmp_path / "h.csv", [])
    assert len(pd.read_csv(tmp_path / "h.csv")) == 0
