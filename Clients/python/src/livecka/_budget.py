"""A share of the training time that watching may take, kept by watching less often."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Optional, Union

Share = Union[float, str, None]
"""``"1%"``, ``0.01``, or nothing for no limit."""

# Time that nobody listened in must not be spent all at once when somebody comes: no more is saved up than what so
# many seconds of training allow, or what two turns take.
_SAVED_SECONDS = 10.0


def share_of_time(value: Share) -> Optional[float]:
    """The share as a number from 0 to 1; ``ValueError`` says what would be right."""
    if value is None:
        return None
    try:
        if isinstance(value, str):
            number = float(value.strip()[:-1]) / 100 if value.strip().endswith("%") else float(value)
        else:
            number = float(value)
    except ValueError:
        number = float("nan")
    if isinstance(value, bool) or not 0 < number <= 1:
        raise ValueError(f"budget: {value!r} is no share of the time; write '1%', 0.01, or None for no limit")
    return number


class Budget:
    """Says when there is time for another turn: a sweep over the probe set, or a tapped batch.

    The first turn is always allowed, and the second as soon as the first is paid for. From then on the cost so far, the
    turn to come included, stays within the share of the time since the start.
    """

    def __init__(self, share: Optional[float], clock: Callable[[], float] = time.perf_counter) -> None:
        self.share = share
        self.spent = 0.0
        """Seconds spent so far."""
        self.turn_count = 0
        self._clock = clock
        self._start: Optional[float] = None
        self._last = 0.0
        self._credit = 0.0
        self._expected = 0.0
        self._turn = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return 0.0 if self._start is None else self._clock() - self._start

    @property
    def fraction(self) -> float:
        """The cost so far as a share of the time so far."""
        return self.spent / self.elapsed if self.elapsed > 0 else 0.0

    def start(self) -> None:
        """Time counts from the first call of this on."""
        if self._start is None:
            self._start = self._last = self._clock()

    def leave_out(self, seconds: float) -> None:
        """So much of the time since the start was no training."""
        if self._start is not None:
            self._start += seconds
            self._last += seconds

    def allows_turn(self) -> bool:
        """Whether a turn fits now."""
        self.start()
        if self.share is None or self.turn_count == 0:
            return True
        now = self._clock()
        saved = max(self.share * _SAVED_SECONDS, 2 * self._expected)
        self._credit = min(self._credit + self.share * (now - self._last), saved)
        self._last = now
        return self._credit >= self._expected

    def end_turn(self) -> None:
        """A turn is over; all that was spent since the one before is what the next is expected to cost."""
        self.turn_count += 1
        # The first turn sets things up: what it took has to be paid for, but says little about the next.
        if self.turn_count > 1:
            self._expected = self._turn if self.turn_count == 2 else (self._expected + self._turn) / 2
        self._turn = 0.0

    def spend(self, seconds: float) -> None:
        """Counts time that was taken from training."""
        self.spent += seconds
        self._credit -= seconds
        self._turn += seconds
