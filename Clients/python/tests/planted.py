"""Batches of a network of which some layers are one block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

import numpy as np

from daemon import Daemon, Header, Session
from waiting import eventually

LAYERS = 24
BLOCK = range(6, 16)
RULE = "block_structure"


def batch(seed: int, *blocks: range, n: int = 24, layers: int = LAYERS, prefix: str = "b") -> dict[str, Any]:
    """Layers that have nothing in common, but those of a block, which share one large component."""
    random = np.random.default_rng(seed)
    activations = [random.standard_normal((n, 16)) for _ in range(layers)]
    for block in blocks:
        component = random.standard_normal((n, 1))
        for layer in block:
            activations[layer] += 8 * component @ random.choice([-1.0, 1.0], (1, 16))
    return {f"{prefix}{index:02d}": array.astype(np.float32) for index, array in enumerate(activations)}


class Training:
    """A session that sends batch after batch, one at each step."""

    def __init__(self, daemon: Daemon, run: str) -> None:
        self.daemon, self.run, self.step, self.count = daemon, run, 0, 0
        self.session: Session = daemon.emitter().session(run)

    def send(self, count: int, *blocks: range, **keys: Any) -> None:
        """Sends batches and waits until they are in the windows."""
        for _ in range(count):
            self.session.send(self.step, batch(self.step, *blocks), **keys)
            self.step += 1
        self.count += count
        self.daemon.settled(self.run, accumulated=self.count)


def alerts(daemon: Daemon, run: str, rule: Optional[str] = None) -> list[Header]:
    """The active alerts of a run."""
    return [entry for entry in daemon.ask("alerts", run=run) if rule in (None, entry["rule"])]


def wait_for(daemon: Daemon, run: str, rule: str, condition: Callable[[Header], bool], what: str) -> Header:
    """The one alert of a rule that is active, once it is as wanted."""

    def found() -> Optional[Header]:
        matching = [entry for entry in alerts(daemon, run, rule) if condition(entry)]
        assert len(matching) <= 1, matching
        return matching[0] if matching else None

    try:
        return eventually(found, what)
    except AssertionError as error:
        raise AssertionError(f"{error}; there is {alerts(daemon, run)}; log:\n{daemon.log[-2000:]}") from None


def firing(entry: Header) -> bool:
    return entry["state"] == "firing"
