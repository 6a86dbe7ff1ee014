"""PyTorch: watch a model's layers during training, in two added lines."""

from __future__ import annotations

from .watcher import Watcher, watch

__all__ = ["Watcher", "watch"]
