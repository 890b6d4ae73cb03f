import os
import signal
import subprocess
import sys
from math import isnan
from pathlib import Path

import pandas as pd
import pytest
import torch
from synthetic_training import Broken, Discs, loss, options, tiny_net

from bioloom.errors import BioLoomError
from bioloom.train import loop, session
from bioloom.train.checkpoint import read_state
from bioloom.train.loop import train
from bioloom.train.precision import Precision
from bioloom.train.signals import Interrupted


def run(folder, source=None, *, ndim=2, progress=None, **changes):
    return train(
        tiny_net(ndim),
        loss,
        source or Discs(ndim),
        options(**changes),
        device="cpu",
        checkpoints=folder,
        progress=progress,
        threads=1,
    )


class StopAt:
    """A progress that ends the run after a step, by an exception or by a signal."""

    def __init__(self, step, number=None):
        self.step, self.number = step, number

    def start(self, total, done=0):
        self.done = done

    def advance(self, note=""):
        self.done += 1
        if self.done == self.step and self.number:
            os.kill(os.getpid(), self.number)
        elif self.done == self.step:
            raise ConnectionError("the node has died")

    def finish(self):
        self.finished = True


def same(result, other):
    """Compare weights to the last bit, and all of the history but the time that it took."""
    assert all(torch.equal(result.weights[name], other.weights[name]) for name in other.weights)
    assert (result.best_step, result.val_loss, result.steps) == (other.best_step, other.val_loss, other.steps)
    clock = ["seconds", "waiting"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(result.history).drop(columns=clock),
        pd.DataFrame(other.history).drop(columns=clock),
        rtol=0,
        atol=0,
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return run(tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.parametrize(("ndim", "precision"), [(2, "fp32"), (3, "fp32"), (2, "bf16"), (3, "bf16")])
def test_the_loss_falls(tmp_path, ndim, precision):
    result = run(tmp_path, ndim=ndim, precision=precision, steps=30)
    assert result.val_loss < 0.5 * result.history[0]["val_loss"]
    assert result.history[-1]["train_loss"] < 0.5 * result.history[0]["train_loss"]
    assert (result.precision, result.threads, result.steps) == (precision, 1, 30)
    assert [row["step"] for row in result.history] == [6, 12, 18, 24, 30]


def test_the_history_is_readable_and_what_was_returned(tmp_path):
    result = run(tmp_path)
    table = pd.read_csv(tmp_path / "history.csv")
    pd.testing.assert_frame_equal(table, pd.DataFrame(result.history), check_exact=False, rtol=1e-8)
    assert table.columns.tolist()[:4] == ["step", "learning_rate", "train_loss", "val_loss"]
    assert table.seconds.is_monotonic_increasing
    assert table.waiting.between(0, 1).all()


def test_the_weights_are_the_average_of_the_best_step(tmp_path):
    result = run(tmp_path)
    module = tiny_net()
    module.load_state_dict(result.weights)
    module.eval()
    losses = []
    for row in range(5):
        example = {k: torch.from_numpy(v)[None] for k, v in Discs().validation_example(row).items()}
        with torch.no_grad():
            losses.append(loss(module(example["image"]), example["target"], example["weight"])[0].item())
    assert result.val_loss == min(row["val_loss"] for row in result.history)
    assert sum(losses) / 5 == pytest.approx(result.val_loss, rel=1e-5)


def test_workers_do_not_change_the_result(tmp_path, undisturbed):
    same(run(tmp_path, workers=0), undisturbed)


def test_another_seed_gives_another_result(tmp_path, undisturbed):
    assert run(tmp_path, seed=1).history[0]["train_loss"] != undisturbed.history[0]["train_loss"]


# Checkpoints are at multiples of 4 and validations at multiples of 6: before, between and at both.
@pytest.mark.parametrize("step", [2, 5, 6, 8, 11, 23, 24])
def test_a_run_that_died_continues_exactly(tmp_path, undisturbed, step):
    with pytest.raises(ConnectionError):
        run(tmp_path, progress=StopAt(step))
    same(run(tmp_path), undisturbed)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_run_in_half_precision_continues_exactly(tmp_path, monkeypatch, precision):
    monkeypatch.setattr(loop, "choose_precision", lambda option, device: Precision(option, device.type))
    expected = run(tmp_path / "undisturbed", precision=precision)
    with pytest.raises(ConnectionError):
        run(tmp_path / "killed", precision=precision, progress=StopAt(11))
    same(run(tmp_path / "killed", precision=precision), expected)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_saves_after_the_step(tmp_path, undisturbed, number, code):
    progress = StopAt(7, number)
    with pytest.raises(Interrupted) as raised:
        run(tmp_path, progress=progress)
    assert raised.value.code == code
    assert progress.finished
    assert read_state(tmp_path / "last.pt")["step"] == 7
    assert not (tmp_path / "lease.json").exists()
    same(run(tmp_path), undisturbed)


def test_a_signal_during_a_validation_saves_and_validates_again(tmp_path, undisturbed):
    class Impatient(Discs):
        def validation_example(self, row):
            os.kill(os.getpid(), signal.SIGTERM)
            return super().validation_example(row)

    with pytest.raises(Interrupted):
        run(tmp_path, Impatient())
    assert read_state(tmp_path / "last.pt")["step"] == 6
    same(run(tmp_path), undisturbed)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_killed_process_continues_exactly(tmp_path, undisturbed, number, code):
    script = Path(__file__).with_name("train_to_the_end.py")
    process = subprocess.Popen([sys.executable, script, tmp_path], stdout=subprocess.PIPE, text=True)
    with process:
        for line in process.stdout:
            if line.startswith("train: 10/24"):
                process.send_signal(number)
                break
        process.stdout.read()
    assert process.returncode == code
    assert (tmp_path / "lease.json").exists() == (number == signal.SIGKILL)
    assert 8 <= read_state(tmp_path / "last.pt")["step"] < 24
    same(run(tmp_path), undisturbed)


def test_a_finished_run_is_not_made_again(tmp_path, undisturbed):
    run(tmp_path)

    class Exhausted(Discs):
        def example(self, step, item):
            raise AssertionError("no more examples")

    same(run(tmp_path, Exhausted()), undisturbed)


def test_a_damaged_checkpoint_costs_some_steps_only(tmp_path, undisturbed, caplog):
    with pytest.raises(ConnectionError):
        run(tmp_path, progress=StopAt(17))
    data = (tmp_path / "last.pt").read_bytes()
    (tmp_path / "last.pt").write_bytes(data[: len(data) // 2])
    same(run(tmp_path), undisturbed)
    assert "last.pt is damaged" in caplog.text


def test_lost_best_weights_are_looked_for_again(tmp_path, caplog):
    with pytest.raises(ConnectionError):
        run(tmp_path, progress=StopAt(14))
    (tmp_path / "best.pt").unlink()
    result = run(tmp_path)
    assert "the best weights, of step 12, are lost" in caplog.text
    assert result.best_step > 12


def test_training_stops_early_without_improvement(tmp_path):
    # A rate of almost 0 and no averaging: what is validated stays the same but for its rounding.
    result = run(tmp_path, steps=60, learning_rate=1e-12, ema=0.0, patience=2, validate_every=2)
    losses = [row["val_loss"] for row in result.history]
    assert result.steps < 60
    assert result.history[-1]["step"] == result.steps == result.best_step + 4
    assert min(losses) == result.val_loss == losses[-3]
    same(run(tmp_path, steps=60, learning_rate=1e-12, ema=0.0, patience=2, validate_every=2), result)


def test_some_steps_without_a_finite_loss_are_left_out(tmp_path, caplog):
    result = run(tmp_path, Broken(3, 3 + session.LEFT_OUT_LIMIT - 1))
    assert caplog.text.count("step left out") == session.LEFT_OUT_LIMIT - 1
    assert result.val_loss < result.history[0]["val_loss"]
    assert all(value.isfinite().all() for value in result.weights.values())
    assert result.history[0]["train_loss"] > 0  # steps 1 to 3
    assert isnan(pd.DataFrame(result.history).train_loss[1]) is True  # steps 7 to 12 were all left out


def test_too_many_of_them_end_the_training_with_advice(tmp_path):
    with pytest.raises(
        BioLoomError, match="step 13: the loss was infinite or NaN 10 times in a row; fix: lower"
    ):
        run(tmp_path, Broken(3, 24))


def test_without_validation_examples_the_last_weights_are_taken(tmp_path):
    result = run(tmp_path, Discs(rows=0))
    assert result.best_step == 24
    assert isnan(result.val_loss)
    assert torch.equal(
        result.weights["layers.0.weight"],
        read_state(tmp_path / "last.pt")["average"]["weights"]["layers.0.weight"],
    )


def test_without_any_finite_validation_the_last_weights_are_taken(tmp_path, caplog):
    class Blind(Discs):
        def validation_example(self, row):
            example = super().validation_example(row)
            return {**example, "image": example["image"] * float("nan")}

    result = run(tmp_path, Blind())
    assert result.best_step == 24
    assert isnan(result.val_loss)
    assert "no validation gave a finite loss" in caplog.text


def test_a_change_of_threads_or_precision_is_said(tmp_path, caplog):
    with pytest.raises(ConnectionError):
        run(tmp_path, progress=StopAt(7))
    run(tmp_path, precision="bf16")
    assert "precision was fp32 and is bf16 now" in caplog.text
    assert "threads" not in caplog.text


def test_two_trainings_do_not_share_a_folder(tmp_path):
    class Nested(Discs):
        def validation_example(self, row):
            run(tmp_path)
            return super().validation_example(row)

    with pytest.raises(BioLoomError, match="is training here"):
        run(tmp_path, Nested(), workers=0)


def test_a_training_that_lost_its_lease_does_not_write(tmp_path):
    class Thief(Discs):
        def example(self, step, item):
            if step == 5:
                (tmp_path / "lease.json").write_text("{}")
            return super().example(step, item)

    with pytest.raises(BioLoomError, match="another training has taken over"):
        run(tmp_path, Thief(), workers=0)
    assert read_state(tmp_path / "last.pt")["step"] == 4
