import os
import signal
import threading

import pytest

from bioloom.train.signals import Interrupted, StopSignal


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_is_noted_and_becomes_the_exit_code(number, code):
    before = signal.getsignal(number)
    with StopSignal() as stop:
        assert not stop.requested
        os.kill(os.getpid(), number)
        assert stop.requested
        with pytest.raises(Interrupted) as raised:
            stop.leave()
    assert raised.value.code == code
    assert raised.value.signal == number
    assert signal.getsignal(number) is before


def test_the_first_signal_counts_and_a_second_ctrl_c_interrupts():
    with StopSignal() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert stop.number == signal.SIGTERM


def test_outside_of_the_main_thread_nothing_is_noted():
    requested = []

    def work():
        with StopSignal() as stop:
            requested.append(stop.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert requested == [False]
