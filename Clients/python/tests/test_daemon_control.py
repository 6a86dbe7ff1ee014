"""A real daemon's control socket."""

from __future__ import annotations

import json
import stat
import subprocess

import pytest
import zmq

from daemon import CKA_KEYS, WINDOWS, Daemon, activations, check_equation


def test_status_runs_and_run_have_their_keys(daemon: Daemon) -> None:
    session = daemon.emitter().session("keys")
    session.send(4, activations(0))
    daemon.settled("keys", accumulated=1)
    status = daemon.ask("status")
    assert {"version", "epoch", "uptime", "endpoints", "memory", "runs", "disconnects", "degraded"} <= set(status)
    assert {"used", "limit"} <= set(status["memory"])
    keys = {"run", "state", "step", "generation", "layers", "batches", "windows", "accounting"}
    listed, one = daemon.runs()["keys"], daemon.ask("run", run="keys")
    assert keys <= set(listed) and keys | {"sessions"} <= set(one)
    assert (listed["state"], listed["step"], listed["layers"], listed["batches"]) == ("live", 4, 3, 1)
    assert one["layers"] == ["layer0", "layer1", "layer2"]
    assert len(one["sessions"]) == 1 and session.id in json.dumps(one["sessions"])
    for window in WINDOWS:
        assert window["name"] in json.dumps(listed["windows"])
    check_equation(listed["accounting"])


def test_a_snapshot_has_the_published_header(daemon: Daemon) -> None:
    daemon.emitter().session("snapshot-keys").send(0, activations(0))
    daemon.settled("snapshot-keys", accumulated=1)
    header, frames = daemon.ask_with_frames("snapshot", run="snapshot-keys", window="total")
    assert set(header) >= CKA_KEYS - {"v", "epoch", "seq", "time"}
    assert [len(frame) for frame in frames[:3]] == [72, 72, 72]
    assert daemon.ask("snapshot", run="snapshot-keys")["run"] == "snapshot-keys"  # a window by default


def test_refusals_name_a_code(daemon: Daemon) -> None:
    for command in ("run", "snapshot", "forget", "reset"):
        assert daemon.refusal(command, run="nobody")["code"] == "unknown_run", command
    daemon.emitter().session("windows").send(0, activations(0))
    daemon.settled("windows", accumulated=1)
    assert daemon.refusal("snapshot", run="windows", window="nowhere")["code"]
    assert daemon.refusal("dance")["code"]
    assert daemon.refusal("run")["code"]
    assert daemon.refusal("run", run=7)["code"]


@pytest.mark.parametrize("request_", [b"no JSON", b"[]", b"{}", b'{"v":2,"id":"a","command":"status"}', b"\xff"])
def test_requests_that_make_no_sense_are_answered(daemon: Daemon, request_: bytes) -> None:
    reply, _ = daemon.reply(request_)
    assert reply["ok"] is False and reply["error"]["code"] and reply["error"]["message"]


def test_a_req_socket_is_answered_with_its_delimiter(daemon: Daemon) -> None:
    socket_ = daemon.socket(zmq.REQ, connect=daemon.control_endpoint)
    socket_.send(b'{"v":1,"id":"a","command":"status"}')
    assert socket_.poll(10_000)
    assert json.loads(socket_.recv())["ok"] is True


def test_forget_drops_a_run(daemon: Daemon) -> None:
    session = daemon.emitter().session("forgettable")
    session.send(0, activations(0))
    daemon.settled("forgettable", accumulated=1)
    daemon.ask("forget", run="forgettable")
    assert "forgettable" not in daemon.runs()


def test_the_control_socket_is_the_users_own(daemon: Daemon) -> None:
    path = daemon.directory / "control" / "control.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_second_daemon_on_the_same_sockets_is_refused_with_a_sentence(daemon: Daemon) -> None:
    second = subprocess.run(
        [daemon.executable, "serve", "--config", str(daemon.directory / "livecka.yaml")], capture_output=True, text=True,
        timeout=30, check=False,
    )
    assert second.returncode != 0 and second.stderr.strip()
    daemon.ask("status")
