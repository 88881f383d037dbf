import pytest

from floodsim.output.schedule import Every


@pytest.mark.parametrize("interval", [0.1, 10.0, 300.0, 3600.0, 7.0])
def test_due_at_every_multiple_and_nowhere_else(interval: float) -> None:
    schedule = Every(interval)
    beat = interval / 4
    due = [count for count in range(4001) if schedule.due(count * beat)]
    assert due == list(range(0, 4001, 4))


def test_due_forgives_rounding() -> None:
    assert Every(0.1).due(0.1 + 0.1 + 0.1)
    assert not Every(10.0).due(10.00001)
    assert Every(60.0).due(366 * 86400.0)
