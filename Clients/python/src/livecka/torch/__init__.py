"""PyTorch: watch a model's layers during training, in two added lines."""

from __future__ import annotations

from .._turns import Cost
from ._isolation import is_sweeping
from .watcher import Counters, Watcher, watch

__all__ = ["Cost", "Counters", "Watcher", "is_sweeping", "watch"]
