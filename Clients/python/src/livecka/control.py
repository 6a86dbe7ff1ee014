"""Requests to a running daemon over its control socket."""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any, Optional, cast

import numpy as np
import zmq

from ._durations import Duration, seconds
from .errors import DaemonNotRunning, NoReply, ProtocolError, RequestRefused, UnknownRun
from .snapshot import Matrix, Snapshot

# The frames of a snapshot beside its three matrices, and their shapes: L layers.
_EXTRAS = {
    "groups": ("G", "L", "L"), "traces": ("G", "L"),
    "pc1_fraction": ("L",), "pc1_alignment": ("L", "L"), "pc1_cka_without": ("L", "L"),
}


def default_endpoint() -> str:
    """Where the daemon's control socket is unless told otherwise: ``LIVECKA_CONTROL``, else the usual directories."""
    named = os.environ.get("LIVECKA_CONTROL")
    if named:
        return named
    runtime = os.environ.get("RUNTIME_DIRECTORY")
    session = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        directory = Path(runtime.split(":")[0])
    elif session:
        directory = Path(session) / "livecka"
    else:
        directory = Path(os.environ.get("TMPDIR") or "/tmp") / f"livecka-{os.getuid()}"
    return f"ipc://{directory / 'control.sock'}"


def connect(control: Optional[str] = None, *, timeout: Duration = "5s") -> Control:
    """Connects to a running daemon, or raises `DaemonNotRunning` with a sentence on how to start one.

    :param control: the control socket's endpoint; by default `default_endpoint`.
    :param timeout: how long a reply may take.
    """
    return Control(control or default_endpoint(), timeout=seconds(timeout, "timeout"))


class Control:
    """A conversation with one daemon. Threads may share it; their requests take turns."""

    def __init__(self, endpoint: str, *, timeout: float = 5.0, connect_timeout: float = 1.0) -> None:
        self.endpoint = endpoint
        self._timeout = timeout
        self._lock = threading.Lock()
        if endpoint.startswith("ipc://") and not os.path.exists(endpoint[len("ipc://") :]):
            raise DaemonNotRunning(endpoint)
        self._context = zmq.Context()
        try:
            self._socket = self._context.socket(zmq.DEALER)
            self._socket.setsockopt(zmq.LINGER, 0)
            # Without a daemon there is no pipe to write to: the socket turns writable once one has been reached.
            self._socket.setsockopt(zmq.IMMEDIATE, 1)
            self._socket.connect(endpoint)
            if not self._socket.poll(int(connect_timeout * 1000), zmq.POLLOUT):
                raise DaemonNotRunning(endpoint)
        except BaseException:
            self._context.destroy(linger=0)
            raise

    def status(self) -> dict[str, Any]:
        """The daemon: version, epoch, uptime, endpoints, memory, runs, disconnects, degraded."""
        return cast("dict[str, Any]", self.request("status"))

    def runs(self) -> list[dict[str, Any]]:
        """All runs, each with state, step, generation, layers, batches, windows and accounting."""
        return cast("list[dict[str, Any]]", self.request("runs"))

    def run(self, name: str) -> dict[str, Any]:
        """One run, with the names of its layers and its sessions."""
        return cast("dict[str, Any]", self.request("run", run=name))

    def snapshot(self, run: str, window: Optional[str] = None, step: Optional[int] = None) -> Snapshot:
        """A window's matrix as it is now, or as it was at a step, with the first components of its layers where known."""
        header, frames = self._exchange("snapshot", run=run, window=window, step=step, pc1=True)
        try:
            count = len(header["layers"])
            cka, stderr, hsic = (_doubles(frame, (count, count)) for frame in frames[:3])
            extras = {}
            for name, frame in zip(header.pop("frames", ()), frames):
                if name in _EXTRAS:
                    extras[name] = _doubles(frame, tuple(count if size == "L" else -1 for size in _EXTRAS[name]))
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError(f"the daemon's snapshot cannot be read: {error}") from error
        dominance = header.get("dominance")
        if dominance is not None:
            dominance = np.array(dominance, dtype=np.float64)
        return Snapshot(header, cka, stderr, hsic, dominance, extras)

    def attach(self, endpoint: str, run: Optional[str] = None) -> dict[str, Any]:
        """Starts listening to an emitter that binds `endpoint`, to one of its runs or to all."""
        return cast("dict[str, Any]", self.request("attach", endpoint=endpoint, run=run))

    def detach(self, endpoint: str) -> dict[str, Any]:
        """Stops listening to an emitter; the run's matrices stay."""
        return cast("dict[str, Any]", self.request("detach", endpoint=endpoint))

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that are not over."""
        return cast("list[dict[str, Any]]", self.request("alerts"))

    def history(self, run: str, window: Optional[str] = None) -> Any:
        """How a run's window has developed."""
        return self.request("history", run=run, window=window)

    def reset(self, run: str, window: Optional[str] = None) -> Any:
        """Empties a run's window, or all of its windows."""
        return self.request("reset", run=run, window=window)

    def forget(self, run: str) -> Any:
        """Drops everything the daemon knows about a run."""
        return self.request("forget", run=run)

    def reload(self) -> Any:
        """Reads the daemon's settings again."""
        return self.request("reload")

    def request(self, command: str, **arguments: Any) -> Any:
        """Any command of the control protocol; arguments that are ``None`` are left out. Returns its result."""
        return self._exchange(command, **arguments)[0]

    def close(self) -> None:
        """Hangs up; closing again does nothing."""
        with self._lock:
            self._context.destroy(linger=0)

    def __enter__(self) -> Control:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        self.close()

    def _exchange(self, command: str, **arguments: Any) -> tuple[Any, list[bytes]]:
        identifier = uuid.uuid4().hex
        request = {"v": 1, "id": identifier, "command": command}
        request.update({key: value for key, value in arguments.items() if value is not None})
        with self._lock:
            deadline = time.monotonic() + self._timeout
            try:
                self._socket.send(json.dumps(request).encode(), zmq.NOBLOCK)
            except zmq.Again:
                raise DaemonNotRunning(self.endpoint) from None
            while True:
                left = deadline - time.monotonic()
                if left <= 0 or not self._socket.poll(int(left * 1000) + 1):
                    raise NoReply(self.endpoint, command, self._timeout)
                reply, frames = _parsed(self._socket.recv_multipart())
                if reply.get("id") == identifier:  # an older one belongs to a request that was given up
                    return _result(reply), frames


def _parsed(message: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    if message and not message[0]:
        message = message[1:]
    try:
        reply = json.loads(message[0])
    except (IndexError, ValueError) as error:
        raise ProtocolError(f"the daemon's reply cannot be read: {error}") from error
    if not isinstance(reply, dict):
        raise ProtocolError("the daemon's reply is no JSON object")
    return reply, message[1:]


def _result(reply: dict[str, Any]) -> Any:
    if reply.get("ok") is True:
        return reply.get("result")
    error = reply.get("error")
    if not isinstance(error, dict):
        raise ProtocolError("the daemon's reply holds neither a result nor an error")
    code, message = str(error.get("code", "")), str(error.get("message", ""))
    raise UnknownRun(code, message) if code == "unknown_run" else RequestRefused(code, message)


def _doubles(frame: bytes, shape: tuple[int, ...]) -> Matrix:
    return np.frombuffer(frame, dtype="<f8").reshape(shape)
