"""The emitter: a training run's side of LiveCKA."""

from __future__ import annotations

import os
import sys
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Optional

from . import _messages
from ._arrays import TensorSource
from ._durations import Duration, seconds
from ._faults import Faults, logger, shielded
from ._outbox import Batch, Outbox

# Within the second that a program may be held up; the rest is for the interpreter.
_LINGER_SECONDS = 0.8


@dataclass(frozen=True)
class Statistics:
    """What a monitor has done so far: ``attempted == sent + dropped + queued``."""

    attempted: int
    """Batches that somebody was listening for; each has used one number."""
    sent: int
    """Batches handed to ZeroMQ."""
    dropped: int
    """Batches given up: the queue was full, the arguments were wrong, or the time for closing was over."""
    queued: int
    """Batches on their way to the socket."""
    bytes: int
    """Bytes of the tensors sent."""
    faults: int
    """Errors that were kept from the training loop."""
    subscribers: int
    """Distinct subscriptions that cover this run."""


class Monitor:
    """Emits one run's activations to whoever listens, and costs nothing while nobody does.

    `send` neither waits nor raises. While no daemon listens it returns at once and nothing is computed or copied;
    when a daemon is too slow, batches are dropped and the daemon is told how many. Only wrong arguments of the
    constructor raise, at once. With ``LIVECKA_DISABLE=1`` in the environment nothing is opened at all.

        with livecka.Monitor("resnet-d40") as monitor:
            for step, batch in enumerate(loader):
                ...
                monitor.send(step, {"stem": h0, "block1": h1})

    A forked child inherits the object but not the run: there every call does nothing.

    :param run: the run's name: letters, digits and ``. _ -``, at most 128, a letter or digit first.
    :param endpoint: the daemon's ingest socket, or with `bind` an endpoint of one's own for daemons to attach to.
    :param queue_bytes: bytes that may wait for the socket; a batch that finds no room is dropped and counted. That one
        never fits is said once.
    :param heartbeat: time between the `alive` messages, in seconds or as ``"5s"``.
    :param meta: anything JSON can hold about model, framework and data; daemons show it.
    :param layers: the layers' names in order, when known before the first batch.
    :param rank: this process's place among `world` processes of a parallel job.
    :param strict: raise what would otherwise be logged once and counted. For tests.
    """

    def __init__(
        self,
        run: str,
        endpoint: str = "tcp://127.0.0.1:5571",
        *,
        bind: bool = False,
        queue_bytes: int = 256 << 20,
        heartbeat: Duration = 5.0,
        meta: Any = None,
        layers: Optional[Sequence[str]] = None,
        rank: Optional[int] = None,
        world: Optional[int] = None,
        strict: bool = False,
    ) -> None:
        self._faults = Faults(strict)
        self._run = _messages.checked_run(run)
        interval = seconds(heartbeat, "heartbeat")
        if interval <= 0:
            raise ValueError(f"heartbeat: {heartbeat!r} must be longer than nothing")
        self._meta = meta
        if len(_messages.encoded({"meta": meta})) > _messages.HEADER_LIMIT // 4:
            raise ValueError("meta: must stay under 256 KiB as JSON")
        self._rank = _messages.optional_integer(rank, "rank")
        self._world = _messages.optional_integer(world, "world")
        self._session = str(uuid.uuid4())
        self._endpoint = endpoint
        self._queue_bytes = queue_bytes
        self._has_told = False
        self._lock = threading.RLock()
        self._layers: list[str] = []
        self._outbox: Optional[Outbox] = None
        if os.environ.get("LIVECKA_DISABLE", "") not in ("", "0"):
            return
        try:
            self._outbox = Outbox(
                run, self._session, endpoint, bind=bind, queue_bytes=queue_bytes, heartbeat=interval,
                faults=self._faults,
            )
        except Exception as error:
            self._faults.report(f"open {endpoint}", error)
            return
        self._greet([_messages.checked_layer(name) for name in layers or ()])
        # Also at the end of the program, and where the monitor is simply forgotten.
        self._finalizer = weakref.finalize(self, _close_at_end, self._outbox)

    @property
    def run(self) -> str:
        """The run's name."""
        return self._run

    @property
    def session(self) -> str:
        """This emitter's UUID."""
        return self._session

    @property
    def endpoint(self) -> str:
        """Where the socket is; with `bind` the address that was really bound."""
        return self._outbox.endpoint if self._outbox is not None else self._endpoint

    @property
    def is_subscribed(self) -> bool:
        """Whether anybody listens to this run now."""
        return self._outbox is not None and self._outbox.is_subscribed

    @property
    def stats(self) -> Statistics:
        """The counters so far."""
        if self._outbox is None:
            return Statistics(0, 0, 0, 0, 0, self._faults.count, 0)
        counts = self._outbox.counts
        return Statistics(
            counts.attempted, counts.sent, counts.dropped, counts.queued, counts.byte_count,
            self._faults.count, self._outbox.subscription_count,
        )

    @property
    def faults(self) -> dict[str, int]:
        """The faults so far by kind."""
        return self._faults.counts

    @shielded("wait for a listener", False)
    def wait_for_subscriber(self, timeout: Duration) -> bool:
        """Waits until somebody listens, `timeout` at most, and says whether somebody does."""
        return self._outbox is not None and self._outbox.wait_for_subscriber(seconds(timeout, "timeout"))

    def progress(self, step: int, phase: Optional[str] = None) -> None:
        """Tells where training is, for `alive` messages between batches; sends nothing by itself."""
        if self._outbox is not None:
            self._outbox.progress = (step, phase)

    @shielded("note facts", None)
    def note(self, **facts: Any) -> None:
        """Facts that `alive` messages carry from now on, anything JSON can hold; sends nothing by itself."""
        if self._outbox is not None:
            _messages.encoded(facts)
            self._outbox.facts = {**self._outbox.facts, **facts}

    @property
    def cpu_seconds(self) -> float:
        """Processor time that the sending thread has used."""
        return 0.0 if self._outbox is None else self._outbox.cpu_seconds

    @shielded("send a batch", False)
    def send(
        self,
        step: int,
        activations: Mapping[str, Any],
        *,
        batch: Optional[int] = None,
        batches: Optional[int] = None,
        probe: Optional[str] = None,
        examples: Optional[Any] = None,
        labels: Optional[Any] = None,
        predictions: Optional[Any] = None,
        phase: Optional[str] = None,
        kind: str = "activations",
        copy: bool = True,
        ready: Optional[Callable[[], bool]] = None,
    ) -> bool:
        """Sends one batch: what n examples look like in every layer. True if it is on its way.

        :param step: the optimiser step that the weights were at.
        :param activations: for each layer, in order, an array or tensor with the n examples along axis 0.
        :param batch: this batch's index among the `batches` of its pass.
        :param probe: the name of the fixed probe set that the batch belongs to.
        :param examples: n ids; `labels` and `predictions` are n integers each.
        :param phase: ``train``, ``eval`` or ``checkpoint``.
        :param kind: ``gram`` for matrices of inner products of mean-subtracted features, n × n or packed.
        :param copy: false hands the arrays over for good: they must not change afterwards.
        :param ready: says whether the arrays hold their values yet, where an accelerator is still to fill them. The
            sending thread asks; all arrays, `labels` and `predictions` included, are handed over for good.
        """
        outbox = self._outbox
        if outbox is None or not outbox.is_subscribed:
            return False
        self._faults.raise_late()
        with self._lock:
            number = outbox.take_number()
            try:
                _messages.checked_choice(kind, "kind", _messages.KINDS)
                step = _messages.checked_integer(step, "step")
                header = {
                    "v": _messages.VERSION, "type": "batch", "run": self._run, "session": self._session,
                    "seq": number, "step": step, "time": time.time(),
                    "batch": _messages.optional_integer(batch, "batch"),
                    "batches": _messages.optional_integer(batches, "batches"),
                    "probe": probe, "phase": _messages.checked_choice(phase, "phase", _messages.PHASES),
                    "rank": self._rank, "world": self._world,
                }
                tensors, n = _messages.described(activations, kind)
                outbox.progress = (step, phase)
                byte_count = sum(tensor.byte_count for tensor in tensors)

                def build() -> list[_messages.Message]:
                    header["examples"] = None if examples is None else _messages.example_ids(examples, n)
                    header["labels"] = None if labels is None else _messages.integers(labels, "labels", n)
                    header["predictions"] = (
                        None if predictions is None else _messages.integers(predictions, "predictions", n)
                    )
                    return _messages.batch_messages(header, tensors, kind, copy and ready is None)

                entry = Batch(number, build, byte_count, ready)
                has_room = outbox.has_room(byte_count)
                if has_room:
                    # Without room nothing is copied either.
                    if ready is None:
                        entry.parts = build()
                    self._greet_layers(tensors)
            except BaseException:
                outbox.refuse()
                raise
            if has_room:
                outbox.put(entry)
            else:
                outbox.refuse()
        if byte_count > self._queue_bytes and not self._has_told:
            self._has_told = True
            logger.warning(
                "LiveCKA drops every batch of %d bytes: queue_bytes is %d. Raise it, or send fewer layers or examples at once.",
                byte_count, self._queue_bytes,
            )
        return has_room

    def has_room(self, byte_count: int) -> bool:
        """Whether the queue takes so many bytes now, or where it never holds as many, is empty."""
        return self._outbox is not None and self._outbox.has_room(min(byte_count, self._queue_bytes))

    @shielded("count a batch", None)
    def give_up(self, count: int) -> None:
        """Counts batches as attempted and dropped that were not even made, because the queue is full."""
        if self._outbox is not None and self._outbox.is_subscribed:
            with self._lock:
                for _ in range(count):
                    self._outbox.take_number()
                    self._outbox.refuse()

    @shielded("close the monitor", None)
    def close(self, reason: str = "finished") -> None:
        """Sends what is queued and says goodbye, within a second; closing again does nothing.

        :param reason: ``finished``, ``failed`` or ``interrupted``.
        """
        if self._outbox is not None:
            self._outbox.close(reason, _LINGER_SECONDS)
            self._finalizer.detach()

    def __enter__(self) -> Monitor:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        self.close(ending_reason(kind))

    def _greet_layers(self, tensors: Sequence[TensorSource]) -> None:
        names = [tensor.layer for tensor in tensors]
        if names != self._layers:
            self._greet(names)

    def _greet(self, layers: list[str]) -> None:
        """What `hello` says from now on."""
        self._layers = layers
        assert self._outbox is not None
        greeting = {key: value for key, value in self._outbox.greeting.items() if key != "layers"}
        if layers and sum(len(name.encode()) + 3 for name in layers) < _messages.HEADER_LIMIT // 2:
            greeting["layers"] = layers
        if self._meta is not None:
            greeting["meta"] = self._meta
        self._outbox.greeting = greeting


def ending_reason(kind: Optional[type[BaseException]]) -> str:
    """The `reason` of a `bye` for the exception that ended a block or the program, if any did."""
    if kind is None:
        return "finished"
    return "interrupted" if issubclass(kind, KeyboardInterrupt) else "failed"


def _close_at_end(outbox: Outbox) -> None:
    try:
        # The interpreter leaves the exception that ended the program here before it runs exit handlers.
        outbox.close(ending_reason(getattr(sys, "last_type", None)), _LINGER_SECONDS)
    except Exception as error:
        outbox.report("close at the end", error)
