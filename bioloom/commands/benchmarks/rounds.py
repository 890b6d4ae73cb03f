"""Things measured side by side: A B A B ..., so that a busy spell of the machine strikes both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter

Measurement = Callable[[], Mapping[str, float]]
"""Does the work once and returns what was measured."""


def side_by_side(candidates: Mapping[str, Measurement], rounds: int) -> dict[str, dict[str, float]]:
    """Return the medians of every quantity of every candidate, over `rounds` rounds through all of them."""
    found: dict[str, dict[str, list[float]]] = {name: {} for name in candidates}
    for _ in range(rounds):
        for name, measure in candidates.items():
            for quantity, value in measure().items():
                found[name].setdefault(quantity, []).append(value)
    return {
        name: {quantity: median(values) for quantity, values in quantities.items()}
        for name, quantities in found.items()
    }


def timed(work: Callable[[], object]) -> Measurement:
    """Return a measurement of the ``seconds`` that `work` takes."""

    def measure() -> Mapping[str, float]:
        began = perf_counter()
        work()
        return {"seconds": perf_counter() - began}

    return measure
