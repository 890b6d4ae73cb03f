import re
import sys

import numpy as np
import psutil
import pytest

from bioloom.usage import give_back, logged_usage, peak_bytes


def test_the_peak_outlives_what_was_held():
    before = peak_bytes()
    held = np.ones(before // 8 + (1 << 24))  # more than this process has ever held at a time
    size = held.nbytes
    del held
    assert peak_bytes() >= max(before, size)


def test_what_was_used_is_logged_whatever_happens(caplog, monkeypatch):
    monkeypatch.setenv("SLURMD_NODENAME", "n7")

    @logged_usage()
    def work(divisor):
        return 1 / divisor

    with caplog.at_level("INFO"):
        assert work(1) == 1
        with pytest.raises(ZeroDivisionError):
            work(0)
    first, second = caplog.messages
    for line in (first, second):
        assert re.fullmatch(r"peak memory \d+ MB, \d+\.\d s on n7", line)
    assert int(re.search(r"\d+", first)[0]) == pytest.approx(peak_bytes() / 1e6, rel=0.05)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the C library of Linux")
def test_freed_memory_is_given_back():
    held = [np.ones(12_000) for _ in range(1000)]  # too small to be mapped one by one
    last = np.ones(12_000)
    full = psutil.Process().memory_info().rss
    del held
    give_back()
    assert full - psutil.Process().memory_info().rss > 60e6
    assert last.all()
