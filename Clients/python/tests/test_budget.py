"""A share of the time, and how it is kept."""

from __future__ import annotations

import random
from typing import Any

import pytest

from livecka._budget import Budget, share_of_time


class Clock:
    """Time that stands still unless told otherwise."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("text", "share"), [("1%", 0.01), (" 2.5% ", 0.025), ("0.5", 0.5), (0.02, 0.02), (1, 1), (None, None)])
def test_shares(text: Any, share: Any) -> None:
    assert share_of_time(text) == (None if share is None else pytest.approx(share))


@pytest.mark.parametrize("text", ["0%", "101%", "much", 0, -0.1, 2, True, float("nan")])
def test_what_is_no_share_raises(text: Any) -> None:
    with pytest.raises(ValueError, match="budget"):
        share_of_time(text)


def turns(budget: Budget, clock: Clock, seconds: float, cost: Any, step: float = 0.01) -> list[float]:
    """The times of the turns of a training of so many seconds."""
    result, end = [], clock.now + seconds
    while clock.now < end:
        budget.start()
        if budget.allows_turn():
            result.append(clock.now)
            spent = cost()
            clock.now += spent
            budget.spend(spent)
            budget.end_turn()
        clock.now += step
    return result


@pytest.mark.parametrize("first", [0.02, 3.0])
def test_the_cost_stays_within_the_share_once_the_first_turn_is_paid_for(first: float) -> None:
    clock, draw = Clock(), random.Random(0)
    budget = Budget(0.01, clock)
    costs = iter([first])
    times = turns(budget, clock, 2000, lambda: next(costs, 0.02 * draw.uniform(0.9, 1.1)))
    assert times[0] == 100
    assert budget.fraction <= 0.01 * 1.01
    # And it is used: one turn of 20 ms every 2 seconds, after the first.
    assert len(times) >= 0.9 * (2000 - 100 * first) / 2


def test_time_that_nobody_listened_in_is_not_saved_up() -> None:
    clock = Clock()
    budget = Budget(0.01, clock)
    budget.start()
    clock.now += 24 * 3600
    times = turns(budget, clock, 60, lambda: 0.02)
    assert len(times) <= 60 * 0.01 / 0.02 + 10 * 0.01 / 0.02 + 1


def test_without_a_share_every_turn_is_allowed() -> None:
    clock = Clock()
    assert len(turns(Budget(None, clock), clock, 10, lambda: 0.5)) == 20


def test_time_that_is_left_out_earns_nothing() -> None:
    clock = Clock()
    budget = Budget(0.01, clock)
    turns(budget, clock, 0.01, lambda: 0.05)
    clock.now += 1000
    budget.leave_out(1000)
    assert not budget.allows_turn()
    assert budget.elapsed == pytest.approx(0.06)
