"""The control client against a ROUTER socket that plays the daemon."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq

import livecka
from livecka.control import Control, default_endpoint

Reply = Callable[[dict[str, Any]], list[list[bytes]]]


class Daemon:
    """Answers each request with what `reply` makes of it, from a thread of its own."""

    def __init__(self, endpoint: str) -> None:
        self.requests: list[dict[str, Any]] = []
        self.reply: Reply = lambda request: [[ok(request, {"command": request["command"]})]]
        self._context = zmq.Context()
        self._router = self._context.socket(zmq.ROUTER)
        self._router.bind(endpoint)
        self._stop, self._stopped = self._context.socket(zmq.PAIR), self._context.socket(zmq.PAIR)
        self._stopped.bind("inproc://stop")
        self._stop.connect("inproc://stop")
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._stop.send(b"")
        self._thread.join()
        self._context.destroy(linger=0)

    def _serve(self) -> None:
        poller = zmq.Poller()
        poller.register(self._router, zmq.POLLIN)
        poller.register(self._stopped, zmq.POLLIN)
        while self._stopped not in dict(poller.poll()):
            identity, body = self._router.recv_multipart()
            request = json.loads(body)
            self.requests.append(request)
            for frames in self.reply(request):
                self._router.send_multipart([identity, *frames])


def ok(request: dict[str, Any], result: Any) -> bytes:
    return json.dumps({"v": 1, "id": request["id"], "ok": True, "result": result}).encode()


def refused(request: dict[str, Any], code: str, message: str) -> bytes:
    return json.dumps({"v": 1, "id": request["id"], "ok": False, "error": {"code": code, "message": message}}).encode()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(f"ipc://{tmp_path}/control.sock")
    yield daemon
    daemon.close()


@pytest.fixture
def control(daemon: Daemon, tmp_path: Path) -> Iterator[Control]:
    with livecka.connect(f"ipc://{tmp_path}/control.sock") as control:
        yield control


@pytest.mark.parametrize(
    ("call", "request_"),
    [
        (lambda c: c.status(), {"command": "status"}),
        (lambda c: c.runs(), {"command": "runs"}),
        (lambda c: c.run("a"), {"command": "run", "run": "a"}),
        (lambda c: c.attach("tcp://h:1"), {"command": "attach", "endpoint": "tcp://h:1"}),
        (lambda c: c.attach("tcp://h:1", "a"), {"command": "attach", "endpoint": "tcp://h:1", "run": "a"}),
        (lambda c: c.detach("tcp://h:1"), {"command": "detach", "endpoint": "tcp://h:1"}),
        (lambda c: c.alerts(), {"command": "alerts"}),
        (lambda c: c.history("a", "pass"), {"command": "history", "run": "a", "window": "pass"}),
        (lambda c: c.reset("a"), {"command": "reset", "run": "a"}),
        (lambda c: c.forget("a"), {"command": "forget", "run": "a"}),
        (lambda c: c.reload(), {"command": "reload"}),
    ],
)
def test_each_command_is_one_request(
    daemon: Daemon, control: Control, call: Callable[[Control], Any], request_: dict[str, Any]
) -> None:
    assert call(control) == {"command": request_["command"]}
    sent = daemon.requests[0]
    assert isinstance(sent.pop("id"), str)
    assert sent == {"v": 1, **request_}


def test_a_snapshot_is_its_header_and_its_matrices(daemon: Daemon, control: Control) -> None:
    matrices = [np.arange(4.0).reshape(2, 2) + offset for offset in (0, 10, 20)]
    header = {"run": "a", "window": "pass", "layers": ["x", "y"], "dominance": [0.5, None]}
    daemon.reply = lambda request: [[ok(request, header), *(matrix.tobytes() for matrix in matrices)]]
    snapshot = control.snapshot("a", window="pass", step=3)
    assert {key: daemon.requests[0][key] for key in ("run", "window", "step")} == {"run": "a", "window": "pass", "step": 3}
    for actual, expected in zip((snapshot.cka, snapshot.stderr, snapshot.hsic), matrices):
        assert np.array_equal(actual, expected)
    assert snapshot.layers == ["x", "y"] and snapshot.header == header
    np.testing.assert_array_equal(snapshot.dominance, [0.5, np.nan])


def test_frames_that_do_not_fit_are_a_protocol_error(daemon: Daemon, control: Control) -> None:
    daemon.reply = lambda request: [[ok(request, {"layers": ["x", "y"]}), b"\0" * 8, b"", b""]]
    with pytest.raises(livecka.ProtocolError):
        control.snapshot("a")


def test_an_unknown_run_and_other_refusals_are_errors_with_their_code(daemon: Daemon, control: Control) -> None:
    daemon.reply = lambda request: [[refused(request, "unknown_run", "there is no run a")]]
    with pytest.raises(livecka.UnknownRun, match="there is no run a"):
        control.run("a")
    daemon.reply = lambda request: [[refused(request, "bad_request", "no")]]
    with pytest.raises(livecka.RequestRefused, match="no") as caught:
        control.run("a")
    assert caught.value.code == "bad_request" and not isinstance(caught.value, livecka.UnknownRun)


def test_answers_to_other_requests_are_skipped_and_a_delimiter_is_allowed(daemon: Daemon, control: Control) -> None:
    daemon.reply = lambda request: [[ok({"id": "older"}, "wrong")], [b"", ok(request, "right")]]
    assert control.status() == "right"


def test_a_silent_daemon_is_an_error_after_the_timeout(daemon: Daemon, tmp_path: Path) -> None:
    daemon.reply = lambda request: []
    with livecka.connect(f"ipc://{tmp_path}/control.sock", timeout="50ms") as control:
        with pytest.raises(livecka.NoReply, match="status"):
            control.status()


def test_without_a_daemon_the_error_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(livecka.DaemonNotRunning, match="livecka serve"):
        livecka.connect(f"ipc://{tmp_path}/control.sock")


def test_a_socket_that_a_dead_daemon_left_is_recognised(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(f"{tmp_path}/control.sock")
    with pytest.raises(livecka.DaemonNotRunning):
        Control(f"ipc://{tmp_path}/control.sock", connect_timeout=0.1)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LIVECKA_CONTROL": "tcp://h:1", "RUNTIME_DIRECTORY": "/run/a"}, "tcp://h:1"),
        ({"RUNTIME_DIRECTORY": "/run/a", "XDG_RUNTIME_DIR": "/run/user/1"}, "ipc:///run/a/control.sock"),
        ({"RUNTIME_DIRECTORY": "/run/a:/run/b"}, "ipc:///run/a/control.sock"),
        ({"XDG_RUNTIME_DIR": "/run/user/1", "TMPDIR": "/t"}, "ipc:///run/user/1/livecka/control.sock"),
        ({"TMPDIR": "/t"}, f"ipc:///t/livecka-{os.getuid()}/control.sock"),
        ({}, f"ipc:///tmp/livecka-{os.getuid()}/control.sock"),
    ],
)
def test_default_endpoint(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str) -> None:
    for name in ("LIVECKA_CONTROL", "RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR", "TMPDIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert default_endpoint() == expected
