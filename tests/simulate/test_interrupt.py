"""A signal waits for a safe moment; a second one does not."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from floodsim.simulate.interrupt import SafeInterrupt


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_signal_waits_for_the_check(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with SafeInterrupt() as interrupt:
        interrupt.check()
        os.kill(os.getpid(), number)
        with pytest.raises(KeyboardInterrupt):
            interrupt.check()
        if number == signal.SIGINT:
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), number)
        else:  # a batch system says it more than once, and a checkpoint may be on its way
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_other_threads_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGINT)

    def work() -> None:
        with SafeInterrupt() as interrupt:
            interrupt.check()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGINT) is before
