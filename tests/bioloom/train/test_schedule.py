import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

from bioloom.train.schedule import FLOOR, learning_rate, warmup_steps


def test_the_cosine_is_that_of_pytorch():
    steps, warmup, peak = 50, 10, 0.3
    optimiser = torch.optim.SGD([torch.zeros(1)], lr=peak)
    reference = CosineAnnealingLR(optimiser, T_max=steps - 1 - warmup, eta_min=FLOOR * peak)
    for step in range(warmup, steps):
        expected = optimiser.param_groups[0]["lr"]
        assert learning_rate(step, peak=peak, steps=steps, warmup=warmup) == pytest.approx(expected, rel=1e-9)
        optimiser.step()
        reference.step()


def test_the_warm_up_rises_in_equal_steps_to_the_peak():
    rates = [learning_rate(step, peak=1.0, steps=10, warmup=4) for step in range(5)]
    assert rates == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


def test_the_last_step_has_the_floor():
    assert learning_rate(9, peak=2.0, steps=10, warmup=0) == pytest.approx(2.0 * FLOOR)
    assert learning_rate(0, peak=2.0, steps=10, warmup=0) == 2.0


@pytest.mark.parametrize(("steps", "warmup"), [(1, 0), (1, 1), (2, 1), (3, 3)])
def test_very_short_trainings_have_a_rate(steps, warmup):
    for step in range(steps):
        assert 0 < learning_rate(step, peak=1.0, steps=steps, warmup=warmup) <= 1.0


@pytest.mark.parametrize(
    ("warmup", "expected"), [(0.05, 20), (0, 0), (7, 7), (1, 1), (999, 400), (0.0001, 0)]
)
def test_the_warm_up_is_a_share_or_a_number(warmup, expected):
    assert warmup_steps(warmup, 400) == expected
