"""Raw ZeroMQ sockets that stand in for the daemon, and real daemons where LIVECKA_EXECUTABLE names one."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Optional

import ml_dtypes
import numpy as np
import pytest
import zmq

from daemon import WINDOWS, Daemon
from waiting import DEADLINE, eventually

ELEMENTS: dict[str, Any] = {"F16": "<f2", "BF16": ml_dtypes.bfloat16, "F32": "<f4", "F64": "<f8"}


class Ingest:
    """A daemon's ingest socket: SUB, bound or connected, taking in whatever an emitter sends."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], endpoint: Optional[str] = None, hwm: int = 1000) -> None:
        self.socket = context.socket(zmq.SUB)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVHWM, hwm)
        if hwm < 10:
            self.socket.setsockopt(zmq.RCVBUF, 4096)
        if endpoint is None:
            self.socket.bind("tcp://127.0.0.1:*")
            self.endpoint = self.socket.getsockopt_string(zmq.LAST_ENDPOINT)
        else:
            self.socket.connect(endpoint)
            self.endpoint = endpoint

    def listen(self, prefix: bytes = b"livecka/1/") -> Ingest:
        self.socket.setsockopt(zmq.SUBSCRIBE, prefix)
        return self

    def wait_for(self, monitor: Any) -> None:
        """Waits until the monitor knows of this listener: a SUB socket that is not polled does not subscribe."""
        eventually(lambda: self.socket.poll(1) >= 0 and monitor.is_subscribed, "a subscription")

    def receive(self, kind: Optional[str] = None, timeout: float = DEADLINE) -> tuple[dict[str, Any], list[bytes]]:
        """The next message, of one type if given: its header and its tensors."""
        end = time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            assert left > 0 and self.socket.poll(int(left * 1000) + 1), f"no {kind or 'message'} within {timeout} s"
            topic, header, *tensors = self.socket.recv_multipart()
            message = json.loads(header)
            assert topic == f"livecka/1/{message['run']}/".encode()
            if kind is None or message["type"] == kind:
                return message, tensors

    def in_the_background(self, byes: int = 1, timeout: float = 60) -> Future[list[dict[str, Any]]]:
        """Everything up to the last `bye`, received by a thread: the headers, with a batch's `arrays` by layer."""
        executor = ThreadPoolExecutor(1)
        future = executor.submit(self._with_arrays, byes, timeout)
        executor.shutdown(wait=False)
        return future

    def _with_arrays(self, byes: int, timeout: float) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while byes > 0:
            header, tensors = self.receive(timeout=timeout)
            if tensors:
                header["arrays"] = {
                    entry["layer"]: np.frombuffer(tensor, ELEMENTS[entry["dtype"]]).reshape(entry["shape"])
                    for entry, tensor in zip(header["tensors"], tensors)
                }
            messages.append(header)
            byes -= header["type"] == "bye"
        return messages

    def until_bye(self) -> list[tuple[dict[str, Any], list[bytes]]]:
        """Everything up to and with `bye`."""
        messages = [self.receive()]
        while messages[-1][0]["type"] != "bye":
            messages.append(self.receive())
        return messages


Listen = Callable[..., Ingest]


@pytest.fixture
def open_ingest() -> Iterator[Listen]:
    """Opens ingest sockets, with `Ingest`'s arguments, and closes them after the test."""
    context = zmq.Context()
    opened = []

    def open_one(endpoint: Optional[str] = None, hwm: int = 1000) -> Ingest:
        opened.append(Ingest(context, endpoint, hwm))
        return opened[-1]

    yield open_one
    context.destroy(linger=0)


@pytest.fixture
def ingest(open_ingest: Listen) -> Ingest:
    """A daemon that listens."""
    return open_ingest().listen()


def layers(seed: int = 0, n: int = 8, count: int = 3) -> dict[str, np.ndarray[Any, Any]]:
    random = np.random.default_rng(seed)
    return {f"layer{index}": random.standard_normal((n, 4 + index), np.float32) for index in range(count)}


@pytest.fixture(scope="session")
def executable() -> str:
    """A built `livecka`; what needs one is skipped without."""
    path = os.environ.get("LIVECKA_EXECUTABLE", "")
    if not path:
        pytest.skip("LIVECKA_EXECUTABLE names no daemon to test")
    return path


@pytest.fixture(scope="session")
def daemon(executable: str) -> Iterator[Daemon]:
    """One daemon for the tests that need no settings of their own; each uses runs of its own."""
    daemon = Daemon(executable, windows=WINDOWS, limits={"assembly": "1s", "layers": 64, "examples": 128})
    yield daemon
    assert daemon.stop() == 0


@pytest.fixture
def start(executable: str) -> Iterator[Callable[..., Daemon]]:
    """Starts daemons with settings of their own."""
    started: list[Daemon] = []

    def start_one(**settings: Any) -> Daemon:
        started.append(Daemon(executable, **{"windows": WINDOWS, **settings}))
        return started[-1]

    yield start_one
    for daemon in started:
        daemon.stop()
