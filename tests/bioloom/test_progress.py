import io
import logging

import pytest

from bioloom.progress import LogProgress, SilentProgress, TerminalProgress, duration, open_progress


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def lines(caplog, total, done, every, seconds_per_step=0.5):
    clock = Clock()
    progress = LogProgress("train", "step", every=every, clock=clock)
    with caplog.at_level(logging.INFO):
        progress.start(total, done)
        for step in range(done, total):
            clock.now += seconds_per_step
            progress.advance(f"loss {step}")
        progress.finish()
    return [record.message for record in caplog.records]


def test_a_line_every_few_per_cent_with_speed_and_time_left(caplog):
    written = lines(caplog, 400, 0, 0.25)
    assert written == [
        "train: 100/400 steps (25 %), loss 99, 2 steps/s, 2 min 30 s left",
        "train: 200/400 steps (50 %), loss 199, 2 steps/s, 1 min 40 s left",
        "train: 300/400 steps (75 %), loss 299, 2 steps/s, 50 s left",
        "train: 400/400 steps (100 %), loss 399, 2 steps/s, 0 s left",
    ]


def test_a_continued_run_logs_the_same_steps_and_its_own_speed(caplog):
    written = lines(caplog, 400, 250, 0.25)
    assert [line.split(" steps")[0] for line in written] == ["train: 300/400", "train: 400/400"]
    assert all("2 steps/s" in line for line in written)


def test_few_units_have_a_line_each(caplog):
    assert len(lines(caplog, 3, 0, 0.05)) == 3


def test_nothing_to_do_is_no_line(caplog):
    assert lines(caplog, 5, 5, 0.05) == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (3599.6, "1 h 0 min"), (7510, "2 h 5 min")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_a_terminal_gets_a_bar_and_a_file_lines():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    assert isinstance(open_progress("train", "step", Terminal()), TerminalProgress)
    assert isinstance(open_progress("train", "step", io.StringIO()), LogProgress)


@pytest.mark.parametrize("progress", [SilentProgress(), TerminalProgress("train", "step")])
def test_all_are_used_alike(progress, capsys):
    progress.finish()
    progress.start(3, 1)
    progress.advance("loss 1")
    progress.advance()
    progress.finish()
    shown = capsys.readouterr().err
    assert (isinstance(progress, SilentProgress) and not shown) or "3/3" in shown


def test_units_are_counted_in_the_plural(caplog):
    caplog.set_level("INFO")
    log = LogProgress("infer", "patch")
    log.start(2)
    log.advance()
    assert "1/2 patches" in caplog.text
