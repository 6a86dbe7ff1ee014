"""What is kept of a layer's features: a copy, or the packed Gram matrix, both where the features are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

PAYLOADS = ("auto", "gram", "activations")

_triangles: dict[tuple[int, torch.device], torch.Tensor] = {}


def kept(kind: str) -> Callable[[torch.Tensor], torch.Tensor]:
    """The function that makes the payload of a layer from its features."""
    return packed_gram if kind == "gram" else copied


def copied(features: torch.Tensor) -> torch.Tensor:
    """A copy on the same device, made at once: the next layer may work in place."""
    return features.detach().clone(memory_format=torch.contiguous_format)


def packed_gram(features: torch.Tensor) -> torch.Tensor:
    """The upper triangle, row by row, of X Xᵀ for mean-subtracted features X: n(n+1)/2 numbers.

    In Float32 whatever the precision of the features, without TF32 or bfloat16 in the products; Float64 stays.
    """
    with torch.no_grad(), _exact_products(features.device.type):
        x = features.detach()
        x = x.reshape(len(x), -1)
        if x.dtype != torch.float64:
            x = x.to(torch.float32)
        x = x - x.mean(0, keepdim=True)
        return (x @ x.T).reshape(-1).index_select(0, _triangle(len(x), x.device))


def _triangle(n: int, device: torch.device) -> torch.Tensor:
    """Where the upper triangle's elements stand in an n × n matrix."""
    places = _triangles.get((n, device))
    if places is None:
        rows, columns = torch.triu_indices(n, n)
        places = (rows * n + columns).to(device)
        if len(_triangles) >= 16:
            _triangles.clear()
        _triangles[n, device] = places
    return places


@contextmanager
def _exact_products(device: str) -> Iterator[None]:
    """Autocast and shortened products off, inside this block."""
    backend: Any = torch.backends.cuda.matmul if device == "cuda" else getattr(torch.backends.mkldnn, "matmul", None)
    name = "fp32_precision" if hasattr(backend, "fp32_precision") else "allow_tf32"
    exact: Any = "ieee" if name == "fp32_precision" else False
    before = getattr(backend, name, exact)
    is_shortened = before not in ("none", exact)
    autocast = torch.autocast(device, enabled=False) if autocast_is_on(device) else None
    if is_shortened:
        setattr(backend, name, exact)
    try:
        if autocast is None:
            yield
        else:
            with autocast:
                yield
    finally:
        if is_shortened:
            setattr(backend, name, before)


def autocast_is_on(device: str) -> bool:
    """Whether operations on that kind of device are cast now."""
    try:
        return torch.is_autocast_enabled(device)
    except TypeError:  # before torch 2.4
        return bool(torch.is_autocast_cpu_enabled() if device == "cpu" else torch.is_autocast_enabled())
    except RuntimeError:  # a device without autocast
        return False
