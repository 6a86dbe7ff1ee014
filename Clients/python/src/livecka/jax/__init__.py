"""JAX: watch a function of the parameters, or tap named arrays inside jitted code; a helper for Flax."""

from __future__ import annotations

from .._turns import Cost
from ._flax import intermediates
from ._tap import Tap
from ._watcher import Watcher, watch

__all__ = ["Cost", "Tap", "Watcher", "intermediates", "watch"]
