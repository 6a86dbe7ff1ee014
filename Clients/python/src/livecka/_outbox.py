"""The emitting socket, the thread that owns it, and the bounded queue between them and the training loop.

A batch's number is settled here, once: it was sent, or it was dropped. Callers take numbers and hand batches over under
one lock that is never held across anything that waits; the thread is the only one to touch the socket. What the
socket does not take at once (``EAGAIN``: a listener's queue is full) waits in the queue, and what the queue does not
take is dropped and counted.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Optional

import zmq

from . import _messages
from ._faults import Faults
from ._version import __version__

# Messages that libzmq may hold for each listener, beside the queue.
_HIGH_WATER_MARK = 4
_RETRY_SECONDS = 0.005
# A listener that is stopped for good is asked less and less often.
_LONGEST_RETRY_SECONDS = 0.08
# Of the time for closing, what is left to `bye` and to libzmq's own buffers.
_RESERVED_SECONDS = 0.4


@dataclass
class Batch:
    """A numbered batch on its way."""

    seq: int
    build: Callable[[], list[_messages.Message]]
    """Makes the messages, once, when the batch's turn has come."""
    byte_count: int
    """Bytes of the tensors."""
    is_ready: Optional[Callable[[], bool]] = None
    """Says whether the tensors hold their values yet; without it they do."""
    refused_below: int = 0
    """Numbers below this one that were given up before it was queued."""
    parts_sent: int = 0
    parts: Optional[list[_messages.Message]] = field(default=None, init=False)


@dataclass(frozen=True)
class Counts:
    """What became of the numbers so far: ``attempted == sent + dropped + queued``."""

    attempted: int
    sent: int
    dropped: int
    queued: int
    byte_count: int


class Outbox:
    """Sends one run's messages on one socket, from a thread of its own."""

    def __init__(
        self, run: str, session: str, endpoint: str, *, bind: bool, queue_bytes: int, heartbeat: float, faults: Faults
    ) -> None:
        self.greeting: dict[str, Any] = {"client": f"livecka-python/{__version__}", "heartbeat": heartbeat}
        """What `hello` says; replaced as a whole, so that the thread sees one or the other."""
        self.progress: tuple[int, Optional[str]] = (0, None)
        """Step and phase that `alive` says; replaced as a whole."""
        self.facts: dict[str, Any] = {}
        """What `alive` says beside; replaced as a whole."""
        self.cpu_seconds = 0.0
        """Processor time that the thread has used."""
        self._identity = {"v": _messages.VERSION, "run": run, "session": session}
        self._topic = _messages.topic(run)
        self._queue_bytes = queue_bytes
        self._heartbeat = heartbeat
        self._faults = faults
        self._lock = threading.Lock()
        self._subscribed = threading.Event()
        self._queue: deque[Batch] = deque()
        self._queued_bytes = 0
        self._attempted = self._sent = self._sent_bytes = 0
        self._refused = 0  # given up by callers, before they were queued
        self._given_up = 0  # given up by the thread, after they were queued
        self._closing: Optional[tuple[str, float]] = None
        self._disowned = False
        # Of the thread alone:
        self._prefixes: set[bytes] = set()
        self._hello_is_due = False
        self._alive_at = time.monotonic() + heartbeat
        self._retry_seconds = _RETRY_SECONDS

        self._context = zmq.Context()
        try:
            self._socket = _opened(self._context, endpoint, bind)
            self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT) if bind else endpoint
        except BaseException:
            self._context.destroy(linger=0)
            raise
        self._bell, self._ring = socket.socketpair()
        self._bell.setblocking(False)
        self._ring.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="livecka", daemon=True)
        _outboxes.add(self)
        self._thread.start()

    # What callers see

    @property
    def is_subscribed(self) -> bool:
        """Whether anybody listens to this run."""
        return self._subscribed.is_set()

    @property
    def subscription_count(self) -> int:
        """Distinct subscriptions that cover this run; libzmq merges listeners that ask for the same prefix."""
        return len(self._prefixes) if self.is_subscribed else 0

    @property
    def counts(self) -> Counts:
        """A consistent view of the counters."""
        with self._lock:
            dropped = self._refused + self._given_up
            queued = self._attempted - self._sent - dropped
            return Counts(self._attempted, self._sent, dropped, queued, self._sent_bytes)

    def wait_for_subscriber(self, timeout: float) -> bool:
        """Waits until somebody listens, `timeout` seconds at most."""
        return self._subscribed.wait(timeout)

    def take_number(self) -> int:
        """The next number: from here on it is the caller's to `put` or to `refuse`."""
        with self._lock:
            number = self._attempted
            self._attempted += 1
            return number

    def refuse(self) -> None:
        """Counts a taken number as given up."""
        with self._lock:
            self._refused += 1

    def has_room(self, byte_count: int) -> bool:
        """Whether the queue takes that many bytes now."""
        with self._lock:
            return self._queued_bytes + byte_count <= self._queue_bytes

    def put(self, batch: Batch) -> None:
        """Hands a batch to the thread."""
        with self._lock:
            batch.refused_below = self._refused
            self._queue.append(batch)
            self._queued_bytes += batch.byte_count
        self._wake()

    def close(self, reason: str, linger: float) -> None:
        """Sends what is queued and `bye`, in `linger` seconds at most; what remains is counted as dropped."""
        if self._disowned or self._closing is not None:
            return
        self._closing = (reason, time.monotonic() + linger)
        self._wake()
        # A monitor that is forgotten in a cycle is found by whatever thread collects garbage, and that may be this one,
        # which ends once it is done here.
        if threading.current_thread() is not self._thread:
            # The thread keeps the bound itself; the rest is for a machine too busy to run it.
            self._thread.join(linger + 0.25)

    def report(self, place: str, error: BaseException) -> None:
        """Counts a fault that nobody is there to be raised at."""
        self._faults.report_later(place, error)

    def _wake(self) -> None:
        try:
            self._ring.send(b"\0")
        except OSError:
            pass  # the bell is ringing already, or the thread has ended

    # What the thread does

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:
            self._faults.report_later("serve the emitting socket", error)
        try:
            self._end()
        except Exception as error:
            self._faults.report_later("close the emitting socket", error)
            self._subscribed.clear()
            self._context.destroy(linger=0)
            self._bell.close()
            self._ring.close()

    def _serve(self) -> None:
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._bell, zmq.POLLIN)
        while True:
            self._receive_subscriptions()
            is_blocked = not self._send_next()
            self.cpu_seconds = time.thread_time()
            closing = self._closing
            if closing is not None and (not self._queue or time.monotonic() >= _last_send(closing)):
                return
            poller.poll(self._pause(is_blocked))
            self._silence_bell()

    def _pause(self, is_blocked: bool) -> Optional[int]:
        """Milliseconds until there is something to do without being woken, if ever."""
        if is_blocked:
            pause = self._retry_seconds
            is_urgent = self._closing is not None
            self._retry_seconds = _RETRY_SECONDS if is_urgent else min(2 * pause, _LONGEST_RETRY_SECONDS)
            return int(pause * 1000)
        self._retry_seconds = _RETRY_SECONDS
        if self._queue:
            return 0
        if not self._prefixes:
            return None
        return max(0, int((self._alive_at - time.monotonic()) * 1000) + 1)

    def _silence_bell(self) -> None:
        try:
            while self._bell.recv(4096):
                pass
        except BlockingIOError:
            pass

    def _receive_subscriptions(self) -> None:
        while True:
            try:
                message = self._socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                break
            prefix = message[1:]
            if not self._topic.startswith(prefix):
                continue
            if message[:1] == b"\x01":
                self._prefixes.add(prefix)
                self._hello_is_due = True
            elif message[:1] == b"\x00":
                self._prefixes.discard(prefix)
        if self._prefixes:
            self._subscribed.set()
        else:
            self._subscribed.clear()

    def _send_next(self) -> bool:
        """Sends what is due first; false where a listener's queue is full."""
        if not self._prefixes:
            self._give_up_queue()
            return True
        if self._hello_is_due:
            if not self._say("hello", self.greeting):
                return False
            self._hello_is_due = False
        is_through = not self._queue or self._send_batch(self._queue[0])
        if time.monotonic() >= self._alive_at:
            self._alive_at = time.monotonic() + self._heartbeat
            self._say("alive", self._vital_signs())
        return is_through

    def _send_batch(self, batch: Batch) -> bool:
        """Sends what is left of a batch; false where it has to wait, for its values or for a listener."""
        try:
            if batch.is_ready is not None and not batch.is_ready():
                return False
            if batch.parts is None:
                batch.parts = batch.build()
        except Exception as error:
            self._faults.report_later("build a batch", error)
            self._settle_first()
            return True
        dropped = batch.refused_below + self._given_up
        while batch.parts_sent < len(batch.parts):
            header, tensors = batch.parts[batch.parts_sent]
            try:
                if not self._send([_messages.with_dropped(header, dropped), *tensors]):
                    return False
            except zmq.ZMQError as error:
                self._faults.report_later("send a batch", error)
                break
            batch.parts_sent += 1
        self._settle_first()
        return True

    def _settle_first(self) -> None:
        """Takes the first batch off the queue; with a part on its way it is the listener's to decide about."""
        with self._lock:
            batch = self._queue.popleft()
            self._queued_bytes -= batch.byte_count
            if batch.parts_sent > 0:
                self._sent += 1
                self._sent_bytes += batch.byte_count
            else:
                self._given_up += 1

    def _give_up_queue(self) -> None:
        while self._queue:
            self._settle_first()

    def _vital_signs(self) -> dict[str, Any]:
        """`seq` is the next number on the wire, so that a batch still queued does not look lost."""
        step, phase = self.progress
        with self._lock:
            if self._queue:
                seq, refused = self._queue[0].seq, self._queue[0].refused_below
            else:
                seq, refused = self._next_on_the_wire(), self._refused
            signs: dict[str, Any] = {**self.facts, "step": step, "seq": seq, "dropped": refused + self._given_up}
        if phase is not None:
            signs["phase"] = phase
        return signs

    def _next_on_the_wire(self) -> int:
        # A number that was taken but neither queued nor refused yet is still to come.
        return self._sent + self._given_up + self._refused

    def _say(self, kind: str, content: dict[str, Any]) -> bool:
        return self._send([_messages.encoded({**self._identity, "type": kind, "time": time.time(), **content})])

    def _send(self, frames: list[Any]) -> bool:
        try:
            self._socket.send_multipart([self._topic, *frames], zmq.NOBLOCK, copy=False)
        except zmq.Again:
            return False
        return True

    def _end(self) -> None:
        reason, deadline = self._closing or ("failed", time.monotonic())
        self._subscribed.clear()
        self._give_up_queue()
        try:
            counts = self.counts
            farewell = {"seq": counts.attempted, "sent": counts.sent, "dropped": counts.dropped, "reason": reason}
            while self._prefixes and not self._say("bye", farewell) and time.monotonic() < deadline:
                time.sleep(_RETRY_SECONDS)
        except Exception as error:
            self._faults.report_later("say bye", error)
        linger = max(0.0, deadline - time.monotonic())
        self._socket.close(linger=int(linger * 1000))
        self._context.term()
        self._bell.close()
        self._ring.close()

    def _disown(self) -> None:
        """In a forked child: the thread did not come along, and the socket is the parent's."""
        self._disowned = True
        self._lock = threading.Lock()
        self._subscribed = threading.Event()
        self._faults.reset_lock()


def _last_send(closing: tuple[str, float]) -> float:
    """Until when batches are sent."""
    _, deadline = closing
    return deadline - _RESERVED_SECONDS


def _opened(context: zmq.Context[zmq.Socket[bytes]], endpoint: str, bind: bool) -> zmq.Socket[bytes]:
    opened = context.socket(zmq.XPUB)
    # A full queue is an error that is counted, never a silent loss.
    opened.setsockopt(zmq.XPUB_NODROP, 1)
    # Every listener that comes is seen, also the second with the same subscription, and is said hello to.
    opened.setsockopt(zmq.XPUB_VERBOSE, 1)
    # A listener that went away is forgotten at once: nothing is computed or kept for it.
    opened.setsockopt(zmq.IMMEDIATE, 1)
    opened.setsockopt(zmq.SNDHWM, _HIGH_WATER_MARK)
    opened.setsockopt(zmq.RECONNECT_IVL, 100)
    opened.setsockopt(zmq.RECONNECT_IVL_MAX, 1000)
    opened.setsockopt(zmq.HEARTBEAT_IVL, 10_000)
    opened.setsockopt(zmq.HEARTBEAT_TIMEOUT, 30_000)
    opened.setsockopt(zmq.MAXMSGSIZE, 1 << 16)
    opened.setsockopt(zmq.LINGER, 0)
    if bind:
        opened.bind(endpoint)
    else:
        opened.connect(endpoint)
    return opened


_outboxes: weakref.WeakSet[Outbox] = weakref.WeakSet()


def _disown_all() -> None:
    for outbox in list(_outboxes):
        outbox._disown()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown_all)
