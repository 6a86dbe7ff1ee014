"""Waiting with a deadline instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

DEADLINE = 10.0


def eventually(condition: Callable[[], Any], what: str = "the condition", timeout: float = DEADLINE) -> Any:
    """Polls until the condition holds and returns its value; fails once the deadline is over."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not come true within {timeout} s"
        time.sleep(0.002)
