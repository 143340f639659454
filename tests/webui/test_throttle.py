import pytest

from webui import throttle
from webui.throttle import Attempts, Rate


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_the_first_failures_cost_no_wait(clock):
    attempts = Attempts(free=3, longest_s=60, clock=clock)
    for _ in range(2):
        attempts.fail("a")
    assert attempts.wait_s("a") == 0


def test_the_wait_doubles_up_to_the_longest(clock):
    attempts = Attempts(free=3, longest_s=60, clock=clock)
    waits = []
    for _ in range(10):
        attempts.fail("a")
        waits.append(attempts.wait_s("a"))
    assert waits == [0, 0, 1, 2, 4, 8, 16, 32, 60, 60]


def test_a_wait_ends_by_itself_and_only_for_whom_it_is(clock):
    attempts = Attempts(free=1, longest_s=60, clock=clock)
    attempts.fail("a")
    assert attempts.wait_s("a") == 1
    assert attempts.wait_s("b") == 0
    clock.now += 1
    assert attempts.wait_s("a") == 0


def test_success_and_time_forgive(clock):
    attempts = Attempts(free=2, longest_s=60, clock=clock)
    attempts.fail("a")
    attempts.forget("a")
    attempts.fail("a")
    assert attempts.wait_s("a") == 0
    clock.now += 61
    attempts.fail("a")
    assert attempts.wait_s("a") == 0


def test_a_thousand_failures_are_no_overflow(clock):
    attempts = Attempts(free=1, longest_s=60, clock=clock)
    for _ in range(1100):
        attempts.fail("a")
    assert attempts.wait_s("a") == 60


def test_names_made_up_by_the_million_take_no_memory(clock, monkeypatch):
    monkeypatch.setattr(throttle, "_MOST_KEYS", 10)
    attempts, rate = Attempts(free=1, longest_s=60, clock=clock), Rate(per_s=1, burst=1)
    for number in range(1000):
        attempts.fail(str(number))
        rate.allows(str(number))
    assert len(attempts._failures) == len(rate._buckets) == 10
    assert attempts.wait_s("999") == 1


def test_a_rate_lets_through_a_burst_and_then_so_many_a_second(clock):
    rate = Rate(per_s=2, burst=3, clock=clock)
    assert [rate.allows("a") for _ in range(5)] == [True, True, True, False, False]
    assert rate.allows("b")
    clock.now += 1
    assert [rate.allows("a") for _ in range(3)] == [True, True, False]
    clock.now += 3600
    assert [rate.allows("a") for _ in range(4)] == [True, True, True, False]
