"""LiveCKA's Python client: emit activations, follow matrices and alerts, ask a running daemon.

``livecka.Monitor`` and ``livecka.torch.watch`` emit; ``livecka.connect`` asks; ``livecka.subscribe`` follows;
``livecka.load`` reads what was saved.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__
from .control import Control, connect
from .errors import DaemonNotRunning, LiveCKAError, NoReply, ProtocolError, RequestRefused, UnknownRun
from .monitor import Monitor, Statistics
from .snapshot import Snapshot, load
from .subscription import Message, Subscription, subscribe

if TYPE_CHECKING:
    from . import jax as jax
    from . import lightning as lightning
    from . import torch as torch
    from . import transformers as transformers

__all__ = [
    "Control", "DaemonNotRunning", "LiveCKAError", "Message", "Monitor", "NoReply", "ProtocolError", "RequestRefused",
    "Snapshot", "Statistics", "Subscription", "UnknownRun", "__version__", "connect", "load", "subscribe",
]


def __getattr__(name: str) -> Any:
    # A framework is imported by those who use it.
    if name in ("jax", "lightning", "tensorboard", "torch", "transformers"):
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
