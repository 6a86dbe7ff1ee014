#!/usr/bin/env python3
"""Writes similarity.json: expected values for SimilarityTests, from NumPy in float64.

    python3 make_similarity.py > similarity.json

HSIC is computed in feature space, where no n x n matrix occurs: with centred features X and Y, squared row lengths a
and b,

    n(n-3) HSIC_1 = |X'Y|^2 - n/(n-2) a.b + sum(a) sum(b) / ((n-1)(n-2)).

That is another derivation than the one under test, which U-centres Gram matrices.
"""

import json
import sys

import numpy as np

WIDTHS = [4, 9, 16, 3]


def wave(n, p, layer, batch):
    """Activations that any language can compute: two sines that depend on example, feature, layer, and batch."""
    i = np.arange(1, n + 1)[:, None]
    j = np.arange(1, p + 1)[None, :]
    first = 0.7 * i + 0.13 * j * (layer + 1) + 0.31 * batch
    second = 0.05 * i * j + 0.017 * (batch + 1) * i * (layer + 1)
    return np.sin(first) * 2.0**-layer + np.cos(second)


def product(x, y):
    n = len(x)
    x = x - x.mean(axis=0)
    y = y - y.mean(axis=0)
    a = (x * x).sum(axis=1)
    b = (y * y).sum(axis=1)
    return ((x.T @ y) ** 2).sum() - n / (n - 2) * (a @ b) + a.sum() * b.sum() / ((n - 1) * (n - 2))


def products(layers):
    return np.array([[product(x, y) for y in layers] for x in layers])


def cka(sums):
    root = np.sqrt(np.diag(sums))
    return sums / root[:, None] / root[None, :]


def jackknife(batches):
    count = len(batches)
    left = np.array([cka(sum(batches[:i] + batches[i + 1 :])) for i in range(count)])
    return np.sqrt((count - 1) / count * ((left - left.mean(axis=0)) ** 2).sum(axis=0))


def decayed(batches, factor):
    sums = np.zeros_like(batches[0])
    for batch in batches:
        sums = factor * sums + batch
    return sums


def wave_case(sizes):
    batches = [products([wave(n, p, layer, batch) for layer, p in enumerate(WIDTHS)]) for batch, n in enumerate(sizes)]
    case = {"sizes": sizes, "products": sum(batches).ravel().tolist(), "cka": cka(sum(batches)).ravel().tolist()}
    if len(sizes) > 1:
        case["standardErrors"] = jackknife(batches).ravel().tolist()
        case["decayed"] = cka(decayed(batches, 0.9)).ravel().tolist()
    return case


def published_pair():
    """The data of google-research's representation_similarity/Demo.ipynb, whose debiased CKA is printed there."""
    np.random.seed(1337)
    x = np.random.randn(100, 10)
    y = np.random.randn(100, 10) + x
    return {"x": x.ravel().tolist(), "y": y.ravel().tolist(), "cka": 0.51346}


json.dump(
    {
        "widths": WIDTHS,
        "waves": [wave_case(sizes) for sizes in ([16, 16, 16], [16, 9, 4], [4], [5, 64, 7, 33, 12])],
        "published": published_pair(),
    },
    sys.stdout,
    indent=1,
)
print()
