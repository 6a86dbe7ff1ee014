"""Durations as people write them."""

from __future__ import annotations

import math
import re
from typing import Union

Duration = Union[float, int, str]
"""A number of seconds, or text with a unit: ``2``, ``0.5``, ``"500ms"``, ``"2s"``, ``"5m"``, ``"1h"``."""

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PATTERN = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(us|ms|s|m|h|d)?\s*")


def seconds(value: Duration, name: str = "duration") -> float:
    """The duration in seconds; ``ValueError`` names the argument and says what would be right."""
    if isinstance(value, str):
        match = _PATTERN.fullmatch(value)
        if match is None:
            raise ValueError(f"{name}: {value!r} is no duration; write seconds, or a unit as in '2s', '500ms', '5m'")
        return float(match[1]) * _SECONDS[match[2] or "s"]
    if isinstance(value, bool) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{name}: {value!r} is no duration; it must be a finite number of seconds, 0 or more")
    return float(value)
