"""Throttle: how often somebody may do something, in a bounded memory of who did."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_MOST_KEYS = 10_000  # remembered; the least recent are forgotten


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    until: float  # no further attempt before


class Attempts:
    """Makes wait who fails again and again: twice as long with every failure."""

    def __init__(
        self, *, free: int, longest_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin without failures.

        :param free: Failures without a wait.
        :param longest_s: The longest wait, and how long failures are remembered after it.
        :param clock: Seconds, from any beginning.
        """
        self._free = free
        self._longest_s = longest_s
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """Return the seconds somebody has to wait; 0 when he may try."""
        failures = self._failures.get(key)
        return max(0.0, failures.until - self._clock()) if failures else 0.0

    def fail(self, key: str) -> None:
        """Note a failure; to be called before the attempt is judged and taken back if it succeeds.

        :param key: Who failed.
        """
        now = self._clock()
        failures = self._failures.pop(key, None)
        is_old = failures is None or now > failures.until + self._longest_s
        count = 1 if failures is None or is_old else failures.count + 1
        wait = min(2.0 ** min(count - self._free, 30), self._longest_s)
        self._failures[key] = _Failures(count, now + (wait if count >= self._free else 0.0))
        if len(self._failures) > _MOST_KEYS:
            self._failures.popitem(last=False)

    def forget(self, key: str) -> None:
        """Forget somebody's failures."""
        self._failures.pop(key, None)


class Rate:
    """Lets through so many requests a second, and a burst of them (a token bucket)."""

    def __init__(
        self, *, per_s: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with full buckets.

        :param per_s: Requests a second in the long run.
        :param burst: Requests at once.
        :param clock: Seconds, from any beginning.
        """
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # left, since when

    def allows(self, key: str) -> bool:
        """Take one request of somebody's; False when he has none left now."""
        now = self._clock()
        left, since = self._buckets.pop(key, (float(self._burst), now))
        left = min(self._burst, left + (now - since) * self._per_s)
        is_allowed = left >= 1.0
        self._buckets[key] = (left - is_allowed, now)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)
        return is_allowed
