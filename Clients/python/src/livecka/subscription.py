"""What a daemon publishes, as an iterator."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Optional

import numpy as np
import zmq

from . import _messages
from ._durations import Duration, seconds
from .snapshot import Matrix

KINDS = ("cka", "pc1", "alert", "event", "heartbeat")


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

    @property
    def kind(self) -> str:
        """``cka``, ``pc1``, ``alert``, ``event`` or ``heartbeat``."""
        return self.topic.partition("/")[0]

    @property
    def run(self) -> Optional[str]:
        """The run it is about, if any."""
        return self.header.get("run") or None

    @property
    def layers(self) -> list[str]:
        """The layers' names in order; for the kinds ``cka`` and ``pc1``."""
        return list(self.header.get("layers", ()))


def subscribe(
    run: Optional[str] = None,
    endpoint: str = "tcp://127.0.0.1:5572",
    topics: Iterable[str] = ("cka", "event", "alert"),
) -> Subscription:
    """Follows a daemon's matrices, events and alerts, of one run or of all.

        for message in livecka.subscribe("resnet-d40", topics=["cka"]):
            print(message.header["step_last"], message.cka.mean())

    The latest matrix and alert of every topic come at once; lost messages are counted in `Message.missed`.
    """
    return Subscription(run, endpoint, topics)


class Subscription:
    """An endless iterator over published messages; for one thread."""

    def __init__(self, run: Optional[str], endpoint: str, topics: Iterable[str]) -> None:
        self.unreadable = 0
        """Messages that could not be understood."""
        self._seen: dict[str, tuple[Any, int]] = {}
        prefixes = [_prefix(kind, run) for kind in topics]
        self._context = zmq.Context()
        try:
            self._socket = self._context.socket(zmq.SUB)
            self._socket.setsockopt(zmq.LINGER, 0)
            self._socket.setsockopt(zmq.HEARTBEAT_IVL, 10_000)
            self._socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 30_000)
            for prefix in prefixes:
                self._socket.setsockopt(zmq.SUBSCRIBE, prefix)
            self._socket.connect(endpoint)
        except BaseException:
            self._context.destroy(linger=0)
            raise

    def receive(self, timeout: Optional[Duration] = None) -> Optional[Message]:
        """The next message, or nothing once `timeout` is over."""
        deadline = None if timeout is None else time.monotonic() + seconds(timeout, "timeout")
        while True:
            left = None if deadline is None else max(0, int((deadline - time.monotonic()) * 1000))
            if not self._socket.poll(left):
                return None
            message = self._accepted(self._socket.recv_multipart())
            if message is not None:
                return message

    def close(self) -> None:
        """Stops following; closing again does nothing."""
        self._context.destroy(linger=0)

    def __iter__(self) -> Iterator[Message]:
        while True:
            message = self.receive()
            if message is not None:
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
            matrices = _matrices(topic, header, frames[2:])
        except (IndexError, KeyError, TypeError, ValueError):
            self.unreadable += 1
            return None
        last_epoch, last = self._seen.get(topic, (None, -1))
        if last_epoch == epoch and seq <= last:
            return None  # sent again for somebody who came later
        self._seen[topic] = (epoch, seq)
        missed = seq - last - 1 if last_epoch == epoch else 0
        return Message(topic, header, missed, **matrices)


def _prefix(kind: str, run: Optional[str]) -> bytes:
    if kind not in KINDS:
        raise ValueError(f"topics: {kind!r} is none of {', '.join(KINDS)}")
    if run is None or kind == "heartbeat":
        return f"{kind}/".encode()
    return f"{kind}/{_messages.checked_run(run)}/".encode()


def _matrices(topic: str, header: dict[str, Any], frames: list[bytes]) -> dict[str, Matrix]:
    """The numbers of a message, by the names of `Message`'s attributes."""
    if topic.startswith("cka/"):
        return {name: _matrix(frame, header["shape"]) for name, frame in zip(("cka", "stderr"), frames)}
    if topic.startswith("pc1/"):
        named = dict(zip(header["frames"], zip(frames, header["shapes"])))
        return {name: _matrix(*named[name]) for name in ("fraction", "alignment", "cka_without")}
    return {}


def _matrix(frame: bytes, shape: list[int]) -> Matrix:
    return np.frombuffer(frame, dtype="<f8").reshape(shape)
