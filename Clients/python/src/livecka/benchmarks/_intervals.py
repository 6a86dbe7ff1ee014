"""Ratios of what took turns, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

# Student's t for 95 %, two-sided, by degrees of freedom; what lies between is taken from the smaller one.
_STUDENT = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 7: 2.365, 10: 2.228, 15: 2.131, 19: 2.093, 29: 2.045, 60: 2.0}


class Interval(NamedTuple):
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float


def ratio_interval(times: Sequence[float], bases: Sequence[float]) -> Interval:
    """The total of `times` over that of `bases`, which took turns block by block.

    The mean is the ratio of the totals; its error comes from the blocks' residuals (the linearised ratio estimator).
    """
    count = len(times)
    ratio = sum(times) / sum(bases)
    mean_base = sum(bases) / count
    residuals = [time - ratio * base for time, base in zip(times, bases)]
    variance = sum(residual**2 for residual in residuals) / (count - 1)
    half = _student(count - 1) * math.sqrt(variance / count) / mean_base
    return Interval(ratio, ratio - half, ratio + half)


def percentile_ratio(times: Sequence[Sequence[float]], bases: Sequence[Sequence[float]], share: float = 0.99) -> Interval:
    """The ratio of percentiles over all blocks; its error is the jackknife's over the blocks."""
    count = len(times)

    def ratio(left_out: int) -> float:
        return _percentile(_without(times, left_out), share) / _percentile(_without(bases, left_out), share)

    whole = ratio(-1)
    parts = [ratio(block) for block in range(count)]
    mean = sum(parts) / count
    error = math.sqrt((count - 1) / count * sum((part - mean) ** 2 for part in parts))
    half = _student(count - 1) * error
    return Interval(whole, whole - half, whole + half)


def _without(blocks: Sequence[Sequence[float]], left_out: int) -> list[float]:
    return [value for index, block in enumerate(blocks) if index != left_out for value in block]


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _student(degrees: int) -> float:
    return _STUDENT[max(known for known in _STUDENT if known <= degrees)]
