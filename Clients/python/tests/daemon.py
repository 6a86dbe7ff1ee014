"""A real daemon for tests, and raw ZeroMQ to talk to it: nothing here uses the client of this package."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Optional

import ml_dtypes
import numpy as np
import zmq

from waiting import eventually

Header = dict[str, Any]
DTYPES = {"float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64"}
REASONS = (
    "malformed", "version", "inconsistent", "duplicate", "too_large", "dtype", "shape", "size", "too_few_examples",
    "over_budget", "non_finite", "incomplete",
)
WINDOWS = [
    {"name": "pass", "kind": "pass"},
    {"name": "recent", "kind": "sliding", "batches": 16},
    {"name": "trend", "kind": "decay", "half_life": 4},
    {"name": "total", "kind": "total"},
]
"""All kinds of windows, small enough to be filled in a test."""
CKA_KEYS = {
    "v", "epoch", "seq", "time", "run", "window", "kind", "generation", "step_first", "step_last", "batches", "examples",
    "missing", "effective_batches", "accounting", "complete", "layers", "estimator", "weighting", "undefined",
    "largest_batch_share", "dtype", "shape",
}
"""What every published matrix says of itself."""


class Daemon:
    """`livecka serve` with settings, ports and directories of its own."""

    def __init__(self, executable: str, **settings: Any) -> None:
        self.executable = str(Path(executable).resolve())
        self.directory = Path(tempfile.mkdtemp(prefix="livecka-test-"))
        self.control_endpoint = f"ipc://{self.directory}/control/control.sock"
        self.ingest = f"tcp://127.0.0.1:{free_port()}"
        self.publish = f"tcp://127.0.0.1:{free_port()}"
        (self.directory / "control").mkdir(mode=0o700)
        merged = {
            "ingest": {"bind": [self.ingest]},
            "publish": {"bind": self.publish, "interval": "50ms"},
            "control": {"bind": self.control_endpoint},
            "http": {"host": "127.0.0.1", "port": free_port()},
            "state": {"directory": str(self.directory / "state")},
            **settings,
        }
        # JSON is YAML.
        (self.directory / "livecka.yaml").write_text(json.dumps(merged, indent=1))
        self.context = zmq.Context()
        self._log = open(self.directory / "log", "wb")  # noqa: SIM115
        self.settings = merged
        self.process = self._launch()
        self._control: Optional[zmq.Socket[bytes]] = None
        self._sockets: list[zmq.Socket[bytes]] = []
        try:
            eventually(self._answers, f"a daemon that answers; its log:\n{self.log}", 20)
        except BaseException:
            self.stop()
            raise

    def restart(self, *, kill: bool = False, between: Optional[Callable[[], None]] = None) -> None:
        """Ends the daemon, or kills it, and starts it again with the same settings."""
        self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        assert self.process.wait(15) == (-signal.SIGKILL if kill else 0)
        if between is not None:
            between()
        self.process = self._launch()
        if self._control is not None:
            self._control.close()
            self._control = None
        eventually(self._answers, f"a daemon that answers; its log:\n{self.log}", 20)

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    def stop(self) -> int:
        """Ends the daemon as a service manager would; its exit status."""
        self.context.destroy(linger=0)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(15)
        finally:
            self.process.kill()
            self.process.wait()
            self._log.close()
            shutil.rmtree(self.directory)

    def reply(self, request: Any, timeout: float = 10) -> tuple[Header, list[bytes]]:
        """The answer to a request, whatever it says."""
        assert self.process.poll() is None, f"the daemon has ended:\n{self.log}"
        if self._control is None:
            self._control = self.socket(zmq.DEALER, connect=self.control_endpoint)
        self._control.send(request if isinstance(request, bytes) else json.dumps(request).encode())
        assert self._control.poll(int(timeout * 1000)), f"no reply to {request!r}; log:\n{self.log}"
        text, *frames = self._control.recv_multipart()
        return json.loads(text, parse_constant=refuse), frames

    def ask(self, command: str, **arguments: Any) -> Any:
        """The result of a command that must succeed."""
        return self.ask_with_frames(command, **arguments)[0]

    def ask_with_frames(self, command: str, **arguments: Any) -> tuple[Any, list[bytes]]:
        identifier = uuid.uuid4().hex
        reply, frames = self.reply({"v": 1, "id": identifier, "command": command, **arguments})
        assert reply.get("ok") is True, reply
        assert (reply["v"], reply["id"]) == (1, identifier)
        return reply["result"], frames

    def refusal(self, command: str, **arguments: Any) -> Header:
        """The error of a command that must not succeed."""
        reply, _ = self.reply({"v": 1, "id": "x", "command": command, **arguments})
        assert (reply["ok"], reply["id"]) == (False, "x")
        assert isinstance(reply["error"]["message"], str) and reply["error"]["message"]
        return reply["error"]

    def runs(self) -> dict[str, Header]:
        return {entry["run"]: entry for entry in self.ask("runs")}

    def accounting(self, run: str) -> Header:
        """The run's accounting, after a look at the equation."""
        accounting = self.ask("run", run=run)["accounting"]
        check_equation(accounting)
        return accounting

    def settled(self, run: str, **expected: int) -> Header:
        """The accounting, once nothing is pending and these counts are reached."""

        def reached() -> Optional[Header]:
            if run not in self.runs():
                return None
            accounting = self.accounting(run)
            is_reached = all(accounting[key] == value for key, value in expected.items())
            return accounting if is_reached and accounting["pending"] == 0 else None

        try:
            return eventually(reached, f"{run} with {expected}")
        except AssertionError as error:
            accounting = self.accounting(run) if run in self.runs() else None
            raise AssertionError(f"{error}; its accounting is {accounting}; log:\n{self.log[-2000:]}") from None

    def matrix(self, run: str, window: str) -> tuple[Header, dict[str, np.ndarray[Any, Any]]]:
        """A snapshot: its header and its matrices by name."""
        header, frames = self.ask_with_frames("snapshot", run=run, window=window)
        count = len(header["layers"])
        arrays = [np.frombuffer(frame, "<f8").reshape(count, count) for frame in frames[:3]]
        return header, dict(zip(("cka", "stderr", "hsic"), arrays))

    def socket(self, kind: int, *, connect: Optional[str] = None) -> zmq.Socket[bytes]:
        opened = self.context.socket(kind)
        opened.setsockopt(zmq.LINGER, 0)
        self._sockets.append(opened)  # until the end: what a socket has sent must not vanish with it
        if connect is not None:
            opened.connect(connect)
        return opened

    def emitter(self, *, bind: bool = False) -> Emitter:
        """An emitter that is connected and listened to, or one that binds an endpoint to be attached."""
        return Emitter(self, bind)

    def subscriber(self, *prefixes: str) -> Subscriber:
        return Subscriber(self, prefixes)

    def command_line(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.executable, *arguments, "--control", self.control_endpoint], capture_output=True, text=True,
            timeout=30, check=False,
        )

    def _launch(self) -> subprocess.Popen[bytes]:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("LIVECKA_")}
        return subprocess.Popen(
            [self.executable, "serve", "--config", str(self.directory / "livecka.yaml")], env=environment,
            stdout=self._log, stderr=subprocess.STDOUT,
        )

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"the daemon did not start:\n{self.log}"
        if not (self.directory / "control" / "control.sock").exists():
            return False
        self.ask("status")
        return True


class Emitter:
    """One emitting socket: for any number of runs and sessions."""

    def __init__(self, daemon: Daemon, bind: bool) -> None:
        self.socket = daemon.socket(zmq.XPUB)
        self.socket.setsockopt(zmq.XPUB_NODROP, 1)
        self.socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        self.socket.setsockopt(zmq.SNDHWM, 0)
        if bind:
            self.socket.bind("tcp://127.0.0.1:*")
            self.endpoint = self.socket.getsockopt_string(zmq.LAST_ENDPOINT)
        else:
            self.endpoint = daemon.ingest
            self.socket.connect(self.endpoint)
            self.subscription()

    def subscription(self, timeout: float = 10) -> bytes:
        """The next subscription or unsubscription that arrives."""
        assert self.socket.poll(int(timeout * 1000)), "no subscription"
        return self.socket.recv()

    def raw(self, run: str, *frames: bytes) -> None:
        self.socket.send_multipart([f"livecka/1/{run}/".encode(), *frames])

    def send(self, header: Header, tensors: list[bytes]) -> None:
        self.raw(header["run"], json.dumps(header).encode(), *tensors)

    def session(self, run: str) -> Session:
        return Session(self, run)


class Session:
    """A numbered emitter process of one run."""

    def __init__(self, emitter: Emitter, run: str) -> None:
        self.emitter, self.run, self.id = emitter, run, str(uuid.uuid4())
        self.seq = self.dropped = 0

    def header(self, step: int, activations: Mapping[str, Any], **keys: Any) -> Header:
        """The header of the next number; keys that are ``None`` are left out."""
        header = {
            **batch_header(self.run, step, activations), "session": self.id, "seq": self.seq, "dropped": self.dropped,
            **keys,
        }
        return {key: value for key, value in header.items() if value is not None}

    def send(self, step: int, activations: Mapping[str, Any], **keys: Any) -> Header:
        """Sends a batch under the next number."""
        header = self.header(step, activations, **keys)
        self.emitter.send(header, tensors(activations))
        self.seq += 1
        return header

    def say(self, kind: str, **keys: Any) -> None:
        self.emitter.send({"v": 1, "type": kind, "run": self.run, "session": self.id, **keys}, [])


class Subscriber:
    """A raw subscriber of what the daemon publishes."""

    def __init__(self, daemon: Daemon, prefixes: tuple[str, ...]) -> None:
        self.socket = daemon.socket(zmq.SUB)
        for prefix in prefixes:
            self.socket.setsockopt_string(zmq.SUBSCRIBE, prefix)
        self.socket.connect(daemon.publish)

    def receive(self, timeout: float = 10) -> tuple[str, Header, list[bytes]]:
        assert self.socket.poll(int(timeout * 1000)), "nothing was published"
        topic, text, *frames = self.socket.recv_multipart()
        return topic.decode(), json.loads(text, parse_constant=refuse), frames

    def until(self, condition: Any, what: str) -> tuple[str, Header, list[bytes]]:
        """The first message for which the condition on topic and header holds."""

        def matching() -> Any:
            message = self.receive()
            return message if condition(message[0], message[1]) else None

        return eventually(matching, what)


def batch_header(run: str, step: int, activations: Mapping[str, Any]) -> Header:
    entries = [
        {"layer": name, "dtype": DTYPES[array.dtype.name], "shape": list(array.shape)}
        for name, array in activations.items()
    ]
    return {"v": 1, "type": "batch", "run": run, "step": step, "tensors": entries}


def tensors(activations: Mapping[str, Any]) -> list[bytes]:
    return [np.ascontiguousarray(array).tobytes() for array in activations.values()]


def activations(seed: int, *, n: int = 12, layers: int = 3, dtype: Any = np.float32) -> dict[str, Any]:
    """Layers that share something and are not alike."""
    random = np.random.default_rng(seed)
    common = random.standard_normal((n, 6))
    return {
        f"layer{i}": (common @ random.standard_normal((6, 5 + i)) + i * random.standard_normal((n, 5 + i))).astype(dtype)
        for i in range(layers)
    }


def send_all(session: Session, batches: list[Any], **keys: Any) -> None:
    """Sends batches at steps 0, 1, 2 and so on."""
    for step, batch in enumerate(batches):
        session.send(step, batch, **keys)


def counts(header: Header) -> tuple[int, ...]:
    """What a matrix covers: batches, examples, first and last step."""
    return tuple(header[key] for key in ("batches", "examples", "step_first", "step_last"))


def bfloat16(array: Any) -> Any:
    return array.astype(ml_dtypes.bfloat16)


def check_equation(accounting: Header) -> None:
    """attempted + unnumbered + outside = accumulated + Σ rejected (without duplicate) + dropped + lost + pending"""
    rejected = accounting["rejected"]
    assert set(accounting) == {
        "attempted", "unnumbered", "outside", "accumulated", "rejected", "dropped", "lost", "pending",
    }, accounting
    assert set(rejected) <= set(REASONS), accounting
    numbers = [value for key, value in accounting.items() if key != "rejected"] + list(rejected.values())
    assert all(isinstance(number, int) and number >= 0 for number in numbers), accounting
    refused = sum(count for reason, count in rejected.items() if reason != "duplicate")
    assert accounting["attempted"] + accounting["unnumbered"] + accounting["outside"] == (
        accounting["accumulated"] + refused + accounting["dropped"] + accounting["lost"] + accounting["pending"]
    ), accounting


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is no JSON")
