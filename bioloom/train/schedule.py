r"""The learning rate as a function of the step.

::

    peak  ......  .-.
                 /   ''-.
                /        '-.          half a cosine
               /            '-.
    floor ... /                ''---
              |  |                 |
              0  warmup        steps - 1
"""

from __future__ import annotations

from math import cos, pi

FLOOR = 0.01
"""The learning rate of the last step, as a share of the peak."""


def learning_rate(step: int, *, peak: float, steps: int, warmup: int, floor: float = FLOOR) -> float:
    """Return the learning rate of one step: linear warm-up, then half a cosine (Loshchilov and Hutter 2017).

    Parameters
    ----------
    step : int
        The step, 0 to ``steps - 1``.
    peak : float
        The rate of step `warmup`, the largest.
    steps, warmup : int
        The length of the training and of its warm-up; step k < warmup has the rate ``peak (k + 1) / (warmup
        + 1)``.
    floor : float
        The rate of the last step, as a share of `peak`.
    """
    if step < warmup:
        return peak * (step + 1) / (warmup + 1)
    fall = (step - warmup) / max(1, steps - 1 - warmup)
    return peak * (floor + (1 - floor) * (1 + cos(pi * min(fall, 1.0))) / 2)


def warmup_steps(warmup: int | float, steps: int) -> int:
    """Return the warm-up in steps: below 1 it is given as a share of the training."""
    return min(steps, round(warmup * steps) if warmup < 1 else int(warmup))
