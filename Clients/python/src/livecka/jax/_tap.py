"""Named arrays out of jitted code."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Optional

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_batching import custom_vmap

from .. import _messages
from .._faults import Faults
from ..monitor import Monitor, Statistics, ending_reason
from ._sending import opened, send

# Repeats of one call, as rematerialisation makes them, come close together.
_REMEMBERED = 8


class Tap:
    """Sends named arrays from the middle of a computation, jitted or not.

        tap = livecka.jax.Tap("mlp", every=100)

        @jax.jit
        def train_step(state, images, labels):
            def loss(params):
                h1 = ...
                h2 = ...
                tap(state.step, {"h1": h1, "h2": h2}, labels=labels)
                return ...
            return state.apply_gradients(grads=jax.grad(loss)(state.params))

    The examples along axis 0 must be a random subset, as a training batch is. Where a probe set can be had, `watch` is
    the better way: it adds nothing to the training step.

    What it costs inside jitted code: on steps that are no multiple of `every`, a branch not taken. On the others the
    program asks whether somebody listens (a callback without data), and only then are the arrays handed out, by an
    unordered callback; the sending thread does the rest. A daemon may come later, so this is compiled in also while
    nobody listens; with ``LIVECKA_DISABLE=1`` nothing is. Gradients do not flow through it; it may stand under `grad`,
    `scan` and `checkpoint`, where a repeated call counts once. Under `vmap` an example has no axis of examples, so
    there nothing is sent; call it outside of `pmap` and `shard_map`, on whole batches. Programs of several processes
    are not tapped. All of that is said in the log.

    Nothing raises into the computation unless `strict`, and then only while it is traced.

    :param run: the run's name.
    :param every: send at steps that are multiples of this.
    :param options: more of `livecka.Monitor`: ``bind``, ``queue_bytes``, ``heartbeat``, ``meta``, ``strict``.
    """

    def __init__(
        self,
        run: str,
        endpoint: str = "tcp://127.0.0.1:5571",
        *,
        every: int = 100,
        meta: Optional[dict[str, Any]] = None,
        strict: bool = False,
        **options: Any,
    ) -> None:
        if every < 1:
            raise ValueError(f"every: {every!r} must be 1 or more")
        self._every = every
        self._faults = Faults(strict)
        self._sent: deque[tuple[int, Any]] = deque(maxlen=_REMEMBERED)
        self._monitor = opened(_messages.checked_run(run), endpoint, meta, strict=strict, **options)

    @property
    def monitor(self) -> Optional[Monitor]:
        """The emitter; none where `LIVECKA_DISABLE` is set, and in all but the first process."""
        return self._monitor

    @property
    def stats(self) -> Optional[Statistics]:
        """The emitter's counters."""
        return None if self._monitor is None else self._monitor.stats

    @property
    def faults(self) -> dict[str, int]:
        """Errors kept from the computation, by kind."""
        return {**self._faults.counts, **({} if self._monitor is None else self._monitor.faults)}

    def __call__(
        self,
        step: Any,
        activations: Mapping[str, Any],
        *,
        batch: Optional[Any] = None,
        labels: Optional[Any] = None,
        predictions: Optional[Any] = None,
        batches: Optional[int] = None,
        probe: Optional[str] = None,
        phase: str = "train",
    ) -> None:
        """Sends these arrays if the step is due and somebody listens.

        :param step: the optimiser step, a whole number; it may be traced, as may everything but the last three.
        :param activations: the arrays by layer, in order, examples along axis 0.
        :param batch: this batch's index where a step has several, as with accumulated gradients.
        """
        try:
            self._tap(
                step, dict(activations), {"batch": batch, "labels": labels, "predictions": predictions},
                {"batches": batches, "probe": probe, "phase": phase},
            )
        except Exception as error:
            self._faults.report("tap a computation", error)

    def close(self, reason: str = "finished") -> None:
        """Waits for the computations that are under way, sends what is queued and says goodbye, within a second."""
        if self._monitor is not None:
            try:
                jax.effects_barrier()
            except Exception as error:
                self._faults.report("wait for the computations", error)
            self._monitor.close(reason)

    def __enter__(self) -> Tap:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        self.close(ending_reason(kind))

    def _tap(self, step: Any, activations: dict[str, Any], varying: dict[str, Any], fixed: dict[str, Any]) -> None:
        if jax.process_count() > 1:
            raise NotImplementedError("a program of several processes is not tapped; use livecka.jax.watch")
        if self._monitor is None:
            return
        for name in activations:
            _messages.checked_layer(name)
        present = {key: value for key, value in varying.items() if value is not None}
        operands = [step, *activations.values(), *present.values()]
        names, keys = list(activations), list(present)

        def deliver(step: Any, *arrays: Any) -> None:
            layers, rest = dict(zip(names, arrays)), dict(zip(keys, arrays[len(names) :]))
            self._deliver(step, layers, {**rest, **fixed})

        if not any(isinstance(operand, jax.core.Tracer) for operand in operands):
            if int(step) % self._every == 0 and self._monitor.is_subscribed:
                deliver(*operands)
            return
        jax.local_devices(backend="cpu")  # where callbacks get their arrays; raises without
        operands = [jax.lax.stop_gradient(jnp.asarray(operand)) for operand in operands]
        if not jnp.issubdtype(operands[0].dtype, jnp.integer):
            raise TypeError(f"step: a whole number is needed, not {operands[0].dtype}")
        _trace(self._is_due_on(operands), self._is_wanted, deliver, operands)

    def _is_due_on(self, operands: list[Any]) -> Any:
        """Whether the step is a multiple of `every`; never under `vmap`, inside or outside of `jit`."""

        @custom_vmap  # type: ignore[untyped-decorator, unused-ignore]
        def is_due(step: Any, *arrays: Any) -> Any:
            return step % self._every == 0

        @is_due.def_vmap  # type: ignore[untyped-decorator, unused-ignore]
        def never(axis_size: int, is_batched: Any, *operands: Any) -> tuple[Any, bool]:
            error = NotImplementedError("under vmap an example has no axis of examples; call the tap outside of it")
            self._faults.report("tap a computation", error)
            return jnp.array(False), False

        return is_due(*operands)

    def _is_wanted(self, step: Any) -> Any:
        return np.bool_(self._monitor is not None and self._monitor.is_subscribed)

    def _deliver(self, step: Any, layers: dict[str, Any], keywords: dict[str, Any]) -> None:
        """In a callback, where an exception would end the computation."""
        try:
            batch = keywords.get("batch")
            key = (int(step), None if batch is None else int(batch))
            if self._monitor is None or key in self._sent:
                return
            self._sent.append(key)
            send(self._monitor, key[0], layers, **{**keywords, "batch": key[1]})
        except Exception as error:
            self._faults.report_later("send a batch", error)


def _trace(is_due: Any, is_wanted: Any, deliver: Any, operands: list[Any]) -> None:
    """Stages the two callbacks into the program that is being traced."""

    def ask(*operands: Any) -> None:
        # Its answer depends on more than the step; what matters is that no program keeps an answer for another step.
        wanted = jax.pure_callback(is_wanted, jax.ShapeDtypeStruct((), np.bool_), operands[0], vmap_method="sequential")
        jax.lax.cond(wanted, hand_out, skip, *operands)

    def hand_out(*operands: Any) -> None:
        jax.debug.callback(deliver, *operands, ordered=False)

    def skip(*operands: Any) -> None:
        return None

    jax.lax.cond(is_due, ask, skip, *operands)
