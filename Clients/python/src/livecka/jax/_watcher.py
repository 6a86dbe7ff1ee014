"""A fixed probe set swept through a function of the parameters every few steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Optional

import jax
import numpy as np

from .. import _messages
from .._durations import Duration, seconds
from .._faults import Faults, logger
from ..monitor import Monitor, Statistics, ending_reason
from ._probe import ProbeBatch, batches
from ._sending import opened, send

Layers = Callable[[Any, Any], Mapping[str, Any]]
"""A function of the parameters and a batch of inputs that returns named arrays, examples along axis 0."""


def watch(
    layers: Layers,
    *,
    run: str,
    probe: Any,
    endpoint: str = "tcp://127.0.0.1:5571",
    bind: bool = False,
    every: int = 10,
    probe_name: str = "probe",
    examples: Optional[Sequence[_messages.ExampleID]] = None,
    batch_size: int = 64,
    wait: Duration = "2s",
    queue_bytes: int = 256 << 20,
    heartbeat: Duration = 5.0,
    meta: Optional[dict[str, Any]] = None,
    strict: bool = False,
) -> Watcher:
    """Watches the layers of a JAX model: two added lines in a training script.

        watcher = livecka.jax.watch(layers, run="mlp", probe=(images, labels))
        for batch in loader:
            params, state = update(params, state, batch)
            watcher.step(params)

    Every few steps ``layers(params, inputs)``, compiled once, runs over the probe set, and the arrays that it returns
    are sent in the order of its dictionary. Nothing is added to the training step, and the training thread does not
    wait for the results. While nobody listens nothing runs.

    Wrong arguments raise here; nothing raises in `Watcher.step` unless `strict`. In a job of several processes the
    first one watches; parameters that are spread over processes cannot be watched.

    :param layers: returns the named arrays, for instance `intermediates` of a Flax module.
    :param probe: held-out examples in a fixed order: an array, ``(examples, labels)``, or a list of batches, each an
        array, a dictionary of arrays or a pair with its labels.
    :param every: sweep at the first call of `step` and at every step that is a multiple of this.
    :param probe_name: the probe set's name; one name for one list of examples.
    :param examples: ids of the examples, in order; by default their positions.
    :param batch_size: the size of the probe batches, where they are not given as batches.
    :param wait: how long the first sweep waits for somebody to listen.
    """
    if every < 1:
        raise ValueError(f"every: {every!r} must be 1 or more")
    monitor_options = {"bind": bind, "queue_bytes": queue_bytes, "heartbeat": heartbeat, "strict": strict}
    return Watcher(
        layers, opened(_messages.checked_run(run), endpoint, meta, **monitor_options), batches(probe, batch_size),
        every=every, probe_name=probe_name, examples=examples, wait=seconds(wait, "wait"), strict=strict,
    )


class Watcher:
    """Sweeps a probe set through a function of the parameters; made by `watch`."""

    def __init__(
        self,
        layers: Layers,
        monitor: Optional[Monitor],
        probe: list[ProbeBatch],
        *,
        every: int,
        probe_name: str,
        examples: Optional[Sequence[_messages.ExampleID]],
        wait: float,
        strict: bool,
    ) -> None:
        self._monitor = monitor
        self._probe = probe
        total = sum(batch.count for batch in probe)
        self._examples = _messages.example_ids(range(total) if examples is None else examples, total)
        self._probe_name = probe_name
        self._every = every
        self._wait: Optional[float] = wait
        self._step = 0
        self._faults = Faults(strict)
        self._reported: set[str] = set()
        self._names: list[str] = []

        def named(params: Any, inputs: Any) -> tuple[Any, ...]:
            # A dictionary that leaves jitted code is sorted by its keys; the layers' order is kept beside.
            result = layers(params, inputs)
            self._names = list(result)
            return tuple(result.values())

        self._run = jax.jit(named)

    @property
    def monitor(self) -> Optional[Monitor]:
        """The emitter; none in the processes of a parallel job that do not watch."""
        return self._monitor

    @property
    def stats(self) -> Optional[Statistics]:
        """The emitter's counters; `faults` counts those of the emitter alone."""
        return None if self._monitor is None else self._monitor.stats

    @property
    def faults(self) -> dict[str, int]:
        """Errors kept from the training loop, by kind."""
        return {**self._faults.counts, **({} if self._monitor is None else self._monitor.faults)}

    def step(self, params: Any, step: Optional[int] = None) -> bool:
        """To be called once after each optimiser step; true where it swept.

        :param params: what `layers` takes first.
        :param step: the number of optimiser steps so far; by default this method's calls are counted. A number that a
            device is still computing is waited for.
        """
        try:
            is_first = self._wait is not None
            self._step = self._step + 1 if step is None else _messages.checked_integer(step, "step")
            if self._monitor is None:
                return False
            self._monitor.progress(self._step, "train")
            if not is_first and self._step % self._every != 0:
                return False
            return self.sweep(params, self._step)
        except Exception as error:
            self._faults.report("watch this step", error)
            return False

    def sweep(self, params: Any, step: int) -> bool:
        """Sends the probe set as these parameters see it; true where somebody listened. Raises what goes wrong."""
        if self._monitor is None:
            return False
        wait, self._wait = self._wait, None
        if not self._monitor.is_subscribed and not (wait and self._monitor.wait_for_subscriber(wait)):
            return False
        if not all(getattr(leaf, "is_fully_addressable", True) for leaf in jax.tree_util.tree_leaves(params)):
            raise ValueError("the parameters are spread over several processes, so no probe set can run in one")
        first = 0
        for index, batch in enumerate(self._probe):
            arrays = self._run(params, batch.inputs)
            send(
                self._monitor, step, self._usable(dict(zip(self._names, arrays)), batch.count), batch=index,
                batches=len(self._probe), probe=self._probe_name, examples=self._examples[first : first + batch.count],
                labels=batch.labels, phase="train",
            )
            first += batch.count
        return True

    def close(self, reason: str = "finished") -> None:
        """Sends what is queued and says goodbye, within a second; closing again does nothing."""
        if self._monitor is not None:
            self._monitor.close(reason)

    def __enter__(self) -> Watcher:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        self.close(ending_reason(kind))

    def _usable(self, arrays: dict[str, Any], count: int) -> dict[str, Any]:
        """The arrays of `count` examples; of the others it says once why they are not sent."""
        usable = {name: array for name, array in arrays.items() if np.ndim(array) > 0 and array.shape[0] == count}
        new = [name for name in arrays if name not in usable and name not in self._reported]
        if new:
            self._reported.update(new)
            details = ", ".join(f"{name} has shape {list(np.shape(arrays[name]))} for {count} examples" for name in new)
            logger.warning("LiveCKA does not send these layers: %s", details)
        return usable
