"""When to look at the model again: every so many steps, and as far as the budget goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ._budget import Budget, Share, share_of_time
from .monitor import Monitor

# How old what `alive` messages say of the cost may be.
_NOTED_SECONDS = 1.0


@dataclass(frozen=True)
class Cost:
    """What watching has cost training, as far as the client can measure."""

    seconds: float
    """Time that sweeps and taps took, and processor time of the sending thread."""
    share: float
    """That time as a share of the time since the first step, compiling left out of both."""
    every: int
    """Steps between the last two sweeps or taps: more than asked for, where the budget wants it."""


class Turns:
    """Decides at which steps to sweep or to tap.

    A turn is due as soon as somebody listens and at every step that is a multiple of `every`, and is left out where the
    budget does not reach or the queue is full.
    """

    def __init__(self, every: int, budget: Share, wait: float = 0.0) -> None:
        if every < 1:
            raise ValueError(f"every: {every!r} must be 1 or more")
        self.budget = Budget(share_of_time(budget))
        self.postponed_count = 0
        """Turns that were due and left out to stay within the budget."""
        self._every = self._interval = every
        self._wait = wait
        self._last_step: Optional[int] = None
        self._thread_seconds = 0.0
        self._noted_at = 0.0

    @property
    def cost(self) -> Cost:
        """What the turns have cost so far."""
        return Cost(self.budget.spent, self.budget.fraction, self._interval)

    def are_due(self, step: int) -> bool:
        """Whether a turn is asked for at a step."""
        return self._last_step is None or step % self._every == 0

    def is_listened_to(self, monitor: Monitor) -> bool:
        """Whether there is anybody to send to; the first call waits for somebody, and time counts from it on."""
        self.budget.start()
        wait, self._wait = self._wait, 0.0
        return monitor.is_subscribed or (wait > 0 and monitor.wait_for_subscriber(wait))

    def grant(self, monitor: Monitor, byte_count: int, batch_count: int) -> bool:
        """Grants a turn that is due, or counts it as left out; what the sending thread has used since is paid for first.

        :param byte_count: what the last turn sent.
        :param batch_count: how many batches a turn sends.
        """
        total = monitor.cpu_seconds
        self.budget.spend(total - self._thread_seconds)
        self._thread_seconds = total
        if not self.budget.allows_turn():
            self.postponed_count += 1
            if self.budget.elapsed >= self._noted_at + _NOTED_SECONDS:
                self._note(monitor)
            return False
        if not monitor.has_room(byte_count):
            # A listener too slow to take what it has: nothing is computed, and the loss is told.
            monitor.give_up(batch_count)
            return False
        return True

    def begin(self, step: int) -> None:
        """A turn begins."""
        if self._last_step is not None and step > self._last_step:
            self._interval = step - self._last_step
        self._last_step = step

    def end(self, monitor: Monitor) -> None:
        """A turn is over, and paid for."""
        self.budget.end_turn()
        self._note(monitor)

    def _note(self, monitor: Monitor) -> None:
        """What `alive` messages say from now on."""
        self._noted_at = self.budget.elapsed
        monitor.note(
            every=self._interval, every_asked=self._every, cost=round(self.budget.fraction, 6), budget=self.budget.share
        )
