"""This package and a real daemon together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import livecka
import reference
from daemon import Daemon, activations
from waiting import eventually

PACKAGE = Path(__file__).parents[1]


def test_a_monitors_batches_arrive_and_its_drops_are_told(daemon: Daemon) -> None:
    batches = [activations(seed, dtype=np.float64) for seed in range(6)]
    with livecka.Monitor("client", daemon.ingest, strict=True, queue_bytes=1 << 20) as monitor:
        assert monitor.wait_for_subscriber("10s")
        for step, batch in enumerate(batches):
            assert monitor.send(step, batch)
        assert not monitor.send(6, {name: np.zeros((64, 4096)) for name in batches[0]})  # over queue_bytes
        assert monitor.send(7, batches[0])
    accounting = daemon.settled("client", accumulated=7)
    assert (accounting["attempted"], accounting["dropped"], accounting["lost"]) == (8, 1, 0)
    assert accounting["attempted"] == monitor.stats.attempted
    with livecka.connect(daemon.control_endpoint) as control:
        snapshot = control.snapshot("client", window="total")
        assert control.run("client")["state"] == "ended"
        assert "client" in [entry["run"] for entry in control.runs()]
        assert "version" in control.status()
        with pytest.raises(livecka.UnknownRun):
            control.snapshot("nobody")
    expected = reference.total(reference.batch(batch) for batch in [*batches, batches[0]])
    np.testing.assert_allclose(snapshot.cka, expected.cka, rtol=0, atol=1e-10)


def test_a_bound_monitor_is_attached_followed_and_detached(daemon: Daemon) -> None:
    with (
        livecka.Monitor("bound", "tcp://127.0.0.1:*", bind=True, strict=True) as monitor,
        livecka.connect(daemon.control_endpoint) as control,
        livecka.subscribe("bound", daemon.publish, topics=["cka"]) as subscription,
    ):
        assert not monitor.send(0, activations(0))
        control.attach(monitor.endpoint)
        assert monitor.wait_for_subscriber("10s")
        assert monitor.send(1, activations(1), batch=0, batches=1)
        windows = set()
        while windows < {"pass", "recent", "trend", "total"}:
            message = subscription.receive("10s")
            assert message is not None and message.cka is not None and message.missed == 0
            windows.add(message.header["window"])
        control.detach(monitor.endpoint)
        eventually(lambda: not monitor.is_subscribed, "the daemon's leaving")
        assert not monitor.send(2, activations(2))


def test_the_demo_turns_into_one_block(daemon: Daemon) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    subprocess.run(
        [sys.executable, "examples/digits.py", "--run", "digits", "--endpoint", daemon.ingest, "--steps", "200", "--every",
         "10", "--wait", "10s"],
        cwd=PACKAGE, env={**os.environ, "PYTHONPATH": "src"}, check=True, timeout=120, stdout=subprocess.DEVNULL,
    )
    accounting = daemon.settled("digits", attempted=84)
    assert (accounting["accumulated"], accounting["lost"]) == (84 - accounting["dropped"], 0)
    header, matrices = daemon.matrix("digits", "pass")
    assert len(header["layers"]) == 41 and header["complete"] is True and header["step_last"] == 200
    block = matrices["cka"][10:, 10:]
    assert block[np.triu_indices(31, 1)].mean() > 0.95
