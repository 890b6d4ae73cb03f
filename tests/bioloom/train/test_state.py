from math import inf, isnan

import pytest
from synthetic_training import loss, tiny_net

from bioloom.errors import BioLoomError
from bioloom.train.average import Average
from bioloom.train.optimise import Stepper, make_optimiser
from bioloom.train.precision import Precision
from bioloom.train.state import State, capture, restore


def trained(model):
    return Stepper(model, loss, make_optimiser(model, 0.0), Precision("fp32", "cpu"), 1.0), Average(
        model, 0.9
    )


def test_a_row_holds_means_since_the_row_before():
    state = State()
    state.count({"loss": 1.0, "dice": 0.5}, 0.1)
    state.count(None, 0.1)
    state.count({"loss": 3.0, "dice": 0.25}, 0.2)
    state.seconds, state.waited = 8.0, 2.0
    assert state.record({"loss": 2.0, "dice": 0.125})
    assert state.history == [
        {
            "step": 3,
            "learning_rate": 0.2,
            "train_loss": 2.0,
            "val_loss": 2.0,
            "train_dice": 0.375,
            "val_dice": 0.125,
            "seconds": 8.0,
            "waiting": 0.25,
        }
    ]
    state.count({"loss": 5.0}, 0.1)
    state.seconds, state.waited = 10.0, 4.0
    state.record({"loss": 1.0})
    assert state.history[1]["train_loss"] == 5.0
    assert state.history[1]["waiting"] == 1.0


def test_steps_left_out_are_counted_in_a_row():
    state = State()
    for losses in (None, None, {"loss": 1.0}, None):
        state.count(losses, 0.1)
    assert (state.step, state.left_out) == (4, 1)


def test_the_best_is_the_lowest_and_the_first_of_equals():
    state = State()
    seen = []
    for value in (3.0, 2.0, 2.0, float("nan"), 1.0):
        state.count({"loss": 1.0}, 0.1)
        seen.append((state.record({"loss": value}), state.best_step, state.stale))
    assert seen == [(True, 1, 0), (True, 2, 0), (False, 2, 1), (False, 2, 2), (True, 5, 0)]


def test_without_examples_the_latest_is_the_best():
    state = State()
    for _ in range(2):
        state.count({"loss": 1.0}, 0.1)
        assert state.record({})
    assert (state.best_step, state.best_loss) == (2, inf)
    assert isnan(state.history[-1]["val_loss"])


def test_a_row_without_any_finite_step_is_nan():
    state = State()
    state.count(None, 0.1)
    state.record({"loss": 1.0})
    assert isnan(state.history[0]["train_loss"])


def test_capture_and_restore():
    stepper, average = trained(tiny_net())
    state = State(step=5, best_step=4, sums={"": 2.0, "loss": 1.0})
    other = trained(tiny_net())
    assert restore(capture(state, stepper, average), *other) == state


def test_a_state_of_another_model_is_an_error():
    saved = capture(State(), *trained(tiny_net(2)))
    with pytest.raises(BioLoomError, match="another model"):
        restore(saved, *trained(tiny_net(3)))
