"""What a daemon publishes, as an iterator."""

from __future__ import annotations

import json
import math
import socket
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Optional

import numpy as np
import numpy.typing as npt
import zmq

from . import _messages, _plot
from ._durations import Duration, seconds
from .snapshot import Matrix

# What the frames of a kind hold, in order. Frames of other kinds are told apart by their number alone.
_FRAMES = {"cka": ("cka", "stderr"), "pc1": ("fraction", "alignment", "cka_without")}
_WORD = _messages.checked_run  # a kind of topics is spelled as a run's name is


@dataclass(frozen=True)
class Message:
    """One published message."""

    topic: str
    header: dict[str, Any]
    missed: int
    """Messages of this topic that were lost before this one."""
    cka: Optional[Matrix] = None
    """L × L, NaN where undefined; for the kind ``cka``."""
    stderr: Optional[Matrix] = None
    """L × L standard errors; for the kind ``cka``."""
    fraction: Optional[Matrix] = None
    """For each of L layers the share of its variance that its first component has, NaN where undefined; for ``pc1``."""
    alignment: Optional[Matrix] = None
    """L × L: how far two layers have the same first component, 0 to 1; for the kind ``pc1``."""
    cka_without: Optional[Matrix] = None
    """L × L: CKA without the first components; for the kind ``pc1``."""
    arrays: tuple[npt.NDArray[Any], ...] = field(default=(), repr=False)
    """All frames behind the header, of any kind of topic, in the shapes that the header says."""
    is_restart: bool = False
    """Whether the daemon has been started anew since the message before: it numbers from the beginning."""

    @property
    def kind(self) -> str:
        """``cka``, ``pc1``, ``alert``, ``event``, ``heartbeat``: the topic's first word."""
        return self.topic.partition("/")[0]

    @property
    def run(self) -> Optional[str]:
        """The run it is about, if any."""
        return self.header.get("run") or None

    @property
    def window(self) -> Optional[str]:
        """The window it is about, if any."""
        return self.header.get("window")

    @property
    def layers(self) -> list[str]:
        """The layers' names in order; for kinds that speak of layers' matrices."""
        layers = self.header.get("layers", ())
        return list(layers) if isinstance(layers, (list, tuple)) else []

    def plot(self, ax: Any = None, *, blocks: Sequence[_plot.Block] = ()) -> Any:
        """Draws the matrix as `Snapshot.plot` does; for the kind ``cka``."""
        if self.cka is None:
            raise ValueError(f"{self.topic} has no matrix to draw")
        title = f"{self.run} · {self.window} · step {self.header.get('step_last')}"
        return _plot.heat_map(self.cka, self.layers, title, ax, blocks)


def subscribe(
    run: Optional[str] = None,
    endpoint: str = "tcp://127.0.0.1:5572",
    topics: Iterable[str] = ("cka", "event", "alert"),
    *,
    timeout: Optional[Duration] = None,
) -> Subscription:
    """Follows a daemon's matrices, events and alerts, of one run or of all.

        for message in livecka.subscribe("resnet-d40", topics=["cka"]):
            print(message.header["step_last"], message.cka.mean())

    The latest matrix and alert of every topic come at once. Lost messages are counted in `Message.missed`, and
    whatever is current then is asked for again, so that after a gap nothing stays out of date; lost events stay lost.
    The iteration goes on over restarts of the daemon, and may begin before it does. It ends when `close` is called,
    from any thread, or where a `timeout` is given once nothing has come for as long.

    :param topics: kinds of topics: ``cka``, ``alert``, ``event``, ``heartbeat``, and what later daemons may have.
    """
    return Subscription(run, endpoint, topics, timeout=timeout)


class Subscription:
    """An iterator over published messages; for one thread, and to be closed from any."""

    def __init__(
        self, run: Optional[str], endpoint: str, topics: Iterable[str], *, timeout: Optional[Duration] = None
    ) -> None:
        self.unreadable = 0
        """Messages that could not be understood."""
        self.missed = 0
        """Messages lost so far, of all topics."""
        self._timeout = timeout
        if timeout is not None:
            seconds(timeout, "timeout")
        self._epoch: Any = None
        self._seen: dict[str, int] = {}
        self._prefixes = [_prefix(kind, run) for kind in ([topics] if isinstance(topics, str) else topics)]
        self._is_closing = False
        self._lock = threading.RLock()  # held while the socket is in use
        self._context = zmq.Context()
        try:
            self._socket = self._context.socket(zmq.SUB)
            self._socket.setsockopt(zmq.LINGER, 0)
            self._socket.setsockopt(zmq.HEARTBEAT_IVL, 10_000)
            self._socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 30_000)
            self._socket.setsockopt(zmq.RECONNECT_IVL, 100)
            self._socket.setsockopt(zmq.RECONNECT_IVL_MAX, 1000)
            for prefix in self._prefixes:
                self._socket.setsockopt(zmq.SUBSCRIBE, prefix)
            self._socket.connect(endpoint)
        except BaseException:
            self._context.destroy(linger=0)
            raise
        self._bell, self._ring = socket.socketpair()
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._bell, zmq.POLLIN)
        self._finalizer = weakref.finalize(self, _destroy, self._context, self._bell, self._ring)

    def receive(self, timeout: Optional[Duration] = None) -> Optional[Message]:
        """The next message, or nothing once `timeout` is over or the subscription is closed."""
        deadline = None if timeout is None else time.monotonic() + seconds(timeout, "timeout")
        with self._lock:
            while not self._is_closing:
                left = None if deadline is None else max(0, math.ceil((deadline - time.monotonic()) * 1000))
                ready = dict(self._poller.poll(left))
                if self._is_closing or not ready:
                    return None
                if self._socket in ready:
                    message = self._accepted(self._socket.recv_multipart())
                    if message is not None:
                        return message
        return None

    def refresh(self) -> None:
        """Asks for the latest value of every topic again; those that have been seen are skipped when they come."""
        with self._lock:
            if self._is_closing:
                return
            for prefix in self._prefixes:
                # The second subscription goes out to the daemon, which answers it; the end of one of two does not.
                self._socket.setsockopt(zmq.SUBSCRIBE, prefix)
                self._socket.setsockopt(zmq.UNSUBSCRIBE, prefix)

    def close(self) -> None:
        """Stops following, also a thread that waits in `receive`; closing again does nothing."""
        if self._is_closing:
            return
        self._is_closing = True
        self._ring.send(b"\0")
        with self._lock:
            self._finalizer()

    def __iter__(self) -> Iterator[Message]:
        while True:
            message = self.receive(self._timeout)
            if message is None:
                return
            yield message

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        self.close()

    def _accepted(self, frames: list[bytes]) -> Optional[Message]:
        """The message, unless it has been seen before or cannot be understood."""
        try:
            topic = frames[0].decode()
            header = json.loads(frames[1])
            epoch, seq = header["epoch"], int(header["seq"])
            names = _FRAMES.get(topic.partition("/")[0], ())
            arrays = tuple(
                _array(frame, header, index, index < len(names)) for index, frame in enumerate(frames[2:])
            )
            named = dict(zip(names, arrays))
        except (IndexError, KeyError, TypeError, ValueError):
            self.unreadable += 1
            return None
        is_restart = self._epoch is not None and epoch != self._epoch
        if is_restart:
            self._seen.clear()
        self._epoch = epoch
        last = self._seen.get(topic)
        if last is not None and seq <= last:
            return None  # sent again for somebody who came later
        self._seen[topic] = seq
        missed = 0 if last is None else seq - last - 1
        if missed:
            # What was lost of this topic is superseded; of others the last message may have been lost as well.
            self.missed += missed
            self.refresh()
        return Message(topic, header, missed, arrays=arrays, is_restart=is_restart, **named)


def _destroy(context: zmq.Context[zmq.Socket[bytes]], *bells: socket.socket) -> None:
    context.destroy(linger=0)
    for bell in bells:
        bell.close()


def _prefix(kind: str, run: Optional[str]) -> bytes:
    try:
        _WORD(kind)
    except ValueError:
        raise ValueError(f"topics: {kind!r} is no kind of topic; there are cka, alert, event and heartbeat") from None
    if run is None or kind == "heartbeat":
        return f"{kind}/".encode()
    return f"{kind}/{_messages.checked_run(run)}/".encode()


def _array(frame: bytes, header: dict[str, Any], index: int, is_known: bool) -> npt.NDArray[Any]:
    """A frame as an array: of the shape that the header says, flat where it says none or another one.

    `shapes` says one for each frame, `shape` one for all; a frame with one number for each of its rows is a vector.
    Frames of kinds that this version does not know are never refused for their shape.
    """
    array = np.frombuffer(frame, dtype={"F64": "<f8", "F32": "<f4"}[header.get("dtype", "F64")])
    shapes = header.get("shapes")
    shape = shapes[index] if isinstance(shapes, list) and index < len(shapes) else header.get("shape")
    if shape is None:
        if is_known:
            raise ValueError("the header says no shape")
        return array
    if array.size == math.prod(shape):
        return array.reshape(shape)
    if is_known:
        raise ValueError(f"a frame of {array.size} numbers has not the shape {shape}")
    return array
