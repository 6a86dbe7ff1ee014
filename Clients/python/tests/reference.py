"""Minibatch CKA in Float64 NumPy, straight from the formulas: what a daemon's matrices are held against.

U-centring after Székely & Rizzo (2014), HSIC₁ after Song et al. (2012), eq. 5, minibatch CKA after Nguyen, Raghu &
Kornblith (2021), eq. 3 and 4, with batches weighted n(n−3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


def gram(activations: npt.ArrayLike) -> Matrix:
    """The inner products of mean-subtracted features, n × n."""
    features = np.asarray(activations, np.float64)
    features = features.reshape(len(features), -1)
    features = features - features.mean(axis=0)
    return features @ features.T


def u_centered(kernel: Matrix) -> Matrix:
    n = len(kernel)
    off = kernel - np.diag(np.diag(kernel))
    rows, total = off.sum(axis=1), off.sum()
    centered = off - rows[:, None] / (n - 2) - rows[None, :] / (n - 2) + total / ((n - 1) * (n - 2))
    np.fill_diagonal(centered, 0)
    return centered


@dataclass(frozen=True)
class Sums:
    """What batches add up to."""

    products: Matrix
    """L × L: Σ n(n−3)·HSIC₁."""
    traces: Matrix
    """L: Σ tr(H K H)."""
    weight: float
    """Σ n(n−3)."""
    degrees: float
    """Σ (n−1)."""

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.products + other.products, self.traces + other.traces, self.weight + other.weight,
            self.degrees + other.degrees,
        )

    def __mul__(self, factor: float) -> Sums:
        return Sums(self.products * factor, self.traces * factor, self.weight * factor, self.degrees * factor)

    @property
    def cka(self) -> Matrix:
        """A ratio of sums; NaN where a layer has been constant."""
        with np.errstate(divide="ignore", invalid="ignore"):
            norms = np.sqrt(np.diag(self.products))
            norms[norms == 0] = np.nan
            return self.products / norms[:, None] / norms[None, :]

    @property
    def hsic(self) -> Matrix:
        return self.products / self.weight

    @property
    def dominance(self) -> Matrix:
        ratio = np.sqrt(np.diag(self.products) / self.weight) / (self.traces / self.degrees)
        return np.minimum(ratio, 1)


def batch(activations: Mapping[str, Any] | Sequence[Any]) -> Sums:
    """One batch's contribution."""
    arrays = list(activations.values()) if isinstance(activations, Mapping) else list(activations)
    grams = [gram(array) for array in arrays]
    n = len(grams[0])
    rows = np.stack([u_centered(kernel).reshape(-1) for kernel in grams])
    return Sums(rows @ rows.T, np.array([np.trace(kernel) for kernel in grams]), n * (n - 3), n - 1)


def total(parts: Iterable[Sums]) -> Sums:
    first, *rest = parts
    for part in rest:
        first = first + part
    return first


def standard_errors(groups: Sequence[Sums]) -> Matrix:
    """Jackknife over the groups, one deleted at a time."""
    count = len(groups)
    left_out = np.stack([total(groups[:i] + groups[i + 1 :]).cka for i in range(count)])
    return np.sqrt((count - 1) / count * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))


def grouped(batches: Sequence[Sums], count: int = 8) -> list[Sums]:
    """Batches dealt out to groups by their number."""
    return [total(batches[i::count]) for i in range(min(count, len(batches)))]
