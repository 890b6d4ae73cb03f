from itertools import count

from bioloom.commands.benchmarks.rounds import side_by_side, timed


def test_candidates_take_turns_and_medians_are_kept():
    order = []
    values = {"a": iter([1.0, 9.0, 2.0]), "b": iter([5.0, 4.0, 6.0])}

    def measure(name):
        def once():
            order.append(name)
            return {"seconds": next(values[name]), "turn": float(len(order))}

        return once

    found = side_by_side({name: measure(name) for name in values}, 3)
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert found == {"a": {"seconds": 2.0, "turn": 3.0}, "b": {"seconds": 5.0, "turn": 4.0}}


def test_work_is_done_once_a_measurement():
    calls = count()
    measure = timed(lambda: next(calls))
    assert measure()["seconds"] >= 0
    assert next(calls) == 1
