"""JAX arrays on their way: described at once, waited for by the sending thread alone."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from typing import Any, Optional

import jax

from ..monitor import Monitor

# Without it the arrays' values are waited for in `send`.
_CAN_DEFER = "ready" in inspect.signature(Monitor.send).parameters


def send(monitor: Monitor, step: int, activations: Mapping[str, Any], **keywords: Any) -> bool:
    """`Monitor.send` for arrays that a device may still be computing: the caller does not wait for it."""
    present = {key: value for key, value in keywords.items() if value is not None}
    if _CAN_DEFER:
        pending: list[Any] = [value for value in [*activations.values(), *present.values()] if isinstance(value, jax.Array)]
        present["ready"] = lambda: all(array.is_ready() for array in pending)
    # JAX's arrays do not change: they need no copy.
    return monitor.send(step, activations, copy=False, **present)


def opened(run: str, endpoint: str, meta: Optional[dict[str, Any]], **options: Any) -> Optional[Monitor]:
    """The emitter, in the first process of a parallel job."""
    if is_disabled() or jax.process_index() != 0:
        return None
    return Monitor(run, endpoint, meta={"framework": f"jax {jax.__version__}", **(meta or {})}, **options)


def is_disabled() -> bool:
    """Whether ``LIVECKA_DISABLE`` is set."""
    return os.environ.get("LIVECKA_DISABLE", "") not in ("", "0")
