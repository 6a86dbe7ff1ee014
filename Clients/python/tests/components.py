"""First principal components in Float64 NumPy, from the definitions: what a daemon's figures are held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from reference import Matrix, gram, u_centered

LEAST_GAP = 0.01
LEAST_REST = 1e-6


@dataclass(frozen=True)
class Component:
    """One layer on one batch."""

    gap: float
    eigenvalue: float
    trace: float
    vector: Matrix
    rest: Optional[Matrix]
    """U-centred, without the component."""

    @property
    def is_defined(self) -> bool:
        return self.gap >= LEAST_GAP


def component(activations: Any) -> Component:
    return of_gram(gram(activations))


def of_gram(kernel: Matrix) -> Component:
    n = len(kernel)
    centering = np.eye(n) - 1 / n
    kernel = centering @ kernel @ centering
    values, vectors = np.linalg.eigh(kernel)
    vector = vectors[:, -1]
    rest = kernel - values[-1] * np.outer(vector, vector)
    is_small = np.linalg.norm(rest) < LEAST_REST * np.linalg.norm(kernel)
    gap = (values[-1] - values[-2]) / values[-1]
    return Component(gap, values[-1], np.trace(kernel), vector, None if is_small else u_centered(rest))


@dataclass(frozen=True)
class Figures:
    """What a window says of its layers' components; NaN where undefined."""

    fraction: Matrix
    alignment: Matrix
    cka_without: Matrix


def figures(batches: Sequence[Mapping[str, Any]]) -> Figures:
    """Pools batches; a pair of layers counts the batches on which both are defined."""
    found = [[component(array) for array in batch.values()] for batch in batches]
    return pooled(found)


def pooled(found: Sequence[Sequence[Component]]) -> Figures:
    count = len(found[0])
    fraction = np.full(count, np.nan)
    alignment, cka = np.full((count, count), np.nan), np.full((count, count), np.nan)
    for i in range(count):
        own = [layers[i] for layers in found if layers[i].is_defined]
        if own:
            fraction[i] = sum(c.eigenvalue for c in own) / sum(c.trace for c in own)
        for j in range(count):
            pairs = [(layers[i], layers[j]) for layers in found if layers[i].is_defined and layers[j].is_defined]
            if pairs:
                sizes = np.array([len(a.vector) for a, _ in pairs])
                alignment[i, j] = sum(n * (a.vector @ b.vector) ** 2 for n, (a, b) in zip(sizes, pairs)) / sizes.sum()
            rests = [(a.rest, b.rest) for a, b in pairs if a.rest is not None and b.rest is not None]
            if rests:
                xy, xx, yy = (sum((p * q).sum() for p, q in terms) for terms in (
                    rests, [(a, a) for a, _ in rests], [(b, b) for _, b in rests],
                ))
                cka[i, j] = xy / np.sqrt(xx) / np.sqrt(yy)
    return Figures(fraction, alignment, cka)
