"""A fixed probe set swept through a function of the parameters every few steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Optional

import jax
import numpy as np

from .. import _arrays, _messages
from .._budget import Share
from .._durations import Duration, seconds
from .._faults import Faults, logger, shielded
from .._turns import Cost, Turns
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
    budget: Share = "1%",
    probe_name: str = "probe",
    examples: Optional[Sequence[_messages.ExampleID]] = None,
    batch_size: int = 64,
    wait: Duration = "0s",
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
    are sent in the order of its dictionary. Nothing is added to the training step. While nobody listens nothing runs.
    To know what a sweep takes, the training thread waits for the parameters before it and for the arrays after it;
    with ``budget=None`` it waits for neither.

    Wrong arguments raise here; nothing raises in `Watcher.step` unless `strict`. In a job of several processes the
    first one watches; parameters that are spread over processes cannot be watched.

    :param layers: returns the named arrays, for instance `intermediates` of a Flax module.
    :param probe: held-out examples in a fixed order: an array, ``(examples, labels)``, or a list of batches, each an
        array, a dictionary of arrays or a pair with its labels.
    :param every: sweep as soon as somebody listens and at every step that is a multiple of this.
    :param budget: the share of the training time that all this may take; sweeps are left out to stay within it. The
        first is always made; compiling `layers` is not counted. None turns it off.
    :param probe_name: the probe set's name; one name for one list of examples.
    :param examples: ids of the examples, in order; by default their positions.
    :param batch_size: the size of the probe batches, where they are not given as batches.
    :param wait: how long the first call of `step` waits for somebody to listen.
    """
    turns = Turns(every, budget, seconds(wait, "wait"))
    monitor_options = {"bind": bind, "queue_bytes": queue_bytes, "heartbeat": heartbeat, "strict": strict}
    return Watcher(
        layers, opened(_messages.checked_run(run), endpoint, meta, **monitor_options), batches(probe, batch_size),
        turns=turns, probe_name=probe_name, examples=examples, strict=strict,
    )


class Watcher:
    """Sweeps a probe set through a function of the parameters; made by `watch`."""

    def __init__(
        self,
        layers: Layers,
        monitor: Optional[Monitor],
        probe: list[ProbeBatch],
        *,
        turns: Turns,
        probe_name: str,
        examples: Optional[Sequence[_messages.ExampleID]],
        strict: bool,
    ) -> None:
        self._monitor = monitor
        self._probe = probe
        total = sum(batch.count for batch in probe)
        self._examples = _messages.example_ids(range(total) if examples is None else examples, total)
        self._probe_name = probe_name
        self._turns = turns
        self._step = 0
        self._last_bytes = 0
        self._has_swept = False
        self._is_traced = False
        self._compiling = 0.0
        self._drained: Optional[tuple[float, float]] = None
        self._faults = Faults(strict)
        self._reported: set[str] = set()
        self._names: list[str] = []

        def named(params: Any, inputs: Any) -> tuple[Any, ...]:
            # A dictionary that leaves jitted code is sorted by its keys; the layers' order is kept beside.
            self._is_traced = True
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

    @property
    def cost(self) -> Cost:
        """What it has cost so far; with ``budget=None`` only what the host has spent is known."""
        return self._turns.cost

    @property
    def postponed(self) -> int:
        """Sweeps that were due and left out to stay within the budget."""
        return self._turns.postponed_count

    @shielded("watch this step", False)
    def step(self, params: Any, step: Optional[int] = None) -> bool:
        """To be called once after each optimiser step, outside of jitted code and its callbacks; true where it swept.

        :param params: what `layers` takes first.
        :param step: the number of optimiser steps so far; by default this method's calls are counted. A number that a
            device is still computing is waited for.
        """
        self._step = self._step + 1 if step is None else _messages.checked_integer(step, "step")
        monitor = self._monitor
        if monitor is None:
            return False
        monitor.progress(self._step, "train")
        self._pay_for_draining()
        if not self._turns.are_due(self._step) or not self._turns.is_listened_to(monitor):
            return False
        if not self._turns.grant(monitor, self._last_bytes, len(self._probe)):
            return False
        self._sweep(params, self._step, monitor)
        return True

    def sweep(self, params: Any, step: int) -> bool:
        """Sends the probe set as these parameters see it; true where somebody listened. Raises what goes wrong."""
        monitor = self._monitor
        step = _messages.checked_integer(step, "step")
        if monitor is None or not self._turns.is_listened_to(monitor):
            return False
        self._sweep(params, step, monitor)
        return True

    @shielded("close the watcher", None)
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

    def _sweep(self, params: Any, step: int, monitor: Monitor) -> None:
        budget = self._turns.budget
        self._turns.begin(step)
        self._drained, self._compiling = None, 0.0
        start = time.perf_counter()
        backlog = 0.0
        try:
            leaves = jax.tree_util.tree_leaves(params)
            if not all(getattr(leaf, "is_fully_addressable", True) for leaf in leaves):
                raise ValueError("the parameters are spread over several processes, so no probe set can run in one")
            if budget.share is not None:
                # What was dispatched before is training's time.
                arrays: list[Any] = [leaf for leaf in leaves if isinstance(leaf, jax.Array)]
                is_ahead = not all(array.is_ready() for array in arrays)
                jax.block_until_ready(arrays)
                asked, start = start, time.perf_counter()
                backlog = start - asked if is_ahead else 0.0
            self._send_probe(params, step, monitor)
            self._has_swept = True
        finally:
            # A sweep that fails is paid for as well, and the next one is due when any would be.
            end = time.perf_counter()
            budget.spend(end - start - self._compiling)
            budget.leave_out(self._compiling)
            self._drained = (end, backlog)
            self._turns.end(monitor)

    def _send_probe(self, params: Any, step: int, monitor: Monitor) -> None:
        """Hands the probe set to the emitter, and waits for its arrays where their time counts."""
        is_timed = self._turns.budget.share is not None
        byte_count = first = 0
        for index, batch in enumerate(self._probe):
            self._is_traced, start = False, time.perf_counter()
            results = self._run(params, batch.inputs)
            if self._is_traced and not self._has_swept:
                self._compiling += time.perf_counter() - start
            arrays = self._usable(dict(zip(self._names, results)), batch.count)
            is_taken = send(
                monitor, step, arrays, batch=index, batches=len(self._probe), probe=self._probe_name,
                examples=self._examples[first : first + batch.count], labels=batch.labels, phase="train",
            )
            if is_timed:
                # One batch after the other, so that a device never holds more of them than the queue and one.
                jax.block_until_ready(results)
            if is_taken:
                byte_count += sum(_arrays.describe(name, array).byte_count for name, array in arrays.items())
            first += batch.count
        self._last_bytes = byte_count

    def _pay_for_draining(self) -> None:
        """Counts the time until the device has work again, where a sweep has waited for what was dispatched ahead of it.

        Of all that was dispatched, it can have been idle for no longer than it would have been busy with it.
        """
        drained, self._drained = self._drained, None
        if drained is not None:
            end, backlog = drained
            self._turns.budget.spend(min(time.perf_counter() - end, backlog))

    def _usable(self, arrays: dict[str, Any], count: int) -> dict[str, Any]:
        """The arrays of `count` examples; of the others it says once why they are not sent."""
        usable = {name: array for name, array in arrays.items() if np.ndim(array) > 0 and array.shape[0] == count}
        new = [name for name in arrays if name not in usable and name not in self._reported]
        if new:
            self._reported.update(new)
            details = ", ".join(f"{name} has shape {list(np.shape(arrays[name]))} for {count} examples" for name in new)
            logger.warning("LiveCKA does not send these layers: %s", details)
        return usable
