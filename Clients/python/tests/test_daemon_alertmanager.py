"""Alerts in a real Alertmanager: Debian's, on loopback."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Optional

import pytest

from daemon import Daemon, free_port
from planted import BLOCK, RULE, Training, alerts, firing, wait_for
from waiting import eventually

CONFIGURATION = """
route: {receiver: nobody}
receivers: [{name: nobody}]
"""
Start = Callable[..., Daemon]


class Alertmanager:
    """`prometheus-alertmanager` with a port and a directory of its own."""

    def __init__(self, executable: str) -> None:
        self.executable = executable
        self.port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="livecka-alertmanager-"))
        (self.directory / "alertmanager.yml").write_text(CONFIGURATION)
        self.process: Optional[subprocess.Popen[bytes]] = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                self.executable, f"--config.file={self.directory}/alertmanager.yml",
                f"--storage.path={self.directory}/data", f"--web.listen-address=127.0.0.1:{self.port}",
                "--cluster.listen-address=",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        eventually(self.is_ready, "an Alertmanager", 20)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False

    def alerts(self, **labels: str) -> list[dict[str, Any]]:
        """The alerts that are active now and have these labels."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=5) as reply:
            entries: list[dict[str, Any]] = json.load(reply)
        return [entry for entry in entries if labels.items() <= entry["labels"].items()]


@pytest.fixture
def alertmanager() -> Iterator[Alertmanager]:
    executable = shutil.which("prometheus-alertmanager")
    if executable is None:
        pytest.skip("prometheus-alertmanager is not installed")
    server = Alertmanager(executable)
    yield server
    server.stop()
    shutil.rmtree(server.directory)


def settings(server: Alertmanager) -> dict[str, Any]:
    return {"alertmanager": {"url": server.url, "resend": "1s", "timeout": "2s"}}


def test_what_fires_is_there_with_labels_and_annotations_and_goes_when_it_is_resolved(
    start: Start, alertmanager: Alertmanager
) -> None:
    alertmanager.start()
    daemon = start(alerts=settings(alertmanager))
    training = Training(daemon, "told")
    training.send(12, BLOCK)
    alert = wait_for(daemon, "told", RULE, firing, "the block")
    [entry] = eventually(lambda: alertmanager.alerts(run="told"), "the alert")
    assert entry["labels"] == {
        "alertname": "LiveCKABlockStructure", "run": "told", "rule": RULE, "severity": "warning", "window": "recent",
        "fingerprint": alert["fingerprint"], "source": "livecka",
    }
    assert entry["annotations"]["summary"].startswith("Block structure in told: layers b06–b15")
    assert (entry["annotations"]["kind"], entry["annotations"]["layers"]) == ("dominant", "b06–b15")
    assert entry["annotations"]["incident"] == "1" and entry["annotations"]["data"] == "ok"
    training.send(32)
    eventually(lambda: not alertmanager.alerts(run="told"), "its end")
    assert daemon.ask("status")["degraded"] == []


def test_what_happened_while_it_was_down_is_told_when_it_is_back(start: Start, alertmanager: Alertmanager) -> None:
    alertmanager.start()
    daemon = start(alerts=settings(alertmanager))
    ending = Training(daemon, "ending")
    ending.send(12, BLOCK)
    eventually(lambda: alertmanager.alerts(run="ending"), "the first alert")
    alertmanager.stop()
    ending.send(32)
    beginning = Training(daemon, "beginning")
    beginning.send(12, BLOCK)
    wait_for(daemon, "beginning", RULE, firing, "the second block")
    assert not alerts(daemon, "ending")
    eventually(lambda: any("Alertmanager" in line for line in daemon.ask("status")["degraded"]), "a degraded daemon")
    shutil.rmtree(alertmanager.directory / "data")
    alertmanager.start()
    # What it lost is told again; the first block is resolved and stays so.
    eventually(lambda: alertmanager.alerts(run="beginning"), "the second alert", 40)
    assert not alertmanager.alerts(run="ending")
    eventually(lambda: daemon.ask("status")["degraded"] == [], "a sound daemon")


def test_the_end_of_an_alert_is_told_to_one_that_remembers_it(start: Start, alertmanager: Alertmanager) -> None:
    alertmanager.start()
    daemon = start(alerts={"alertmanager": {"url": alertmanager.url, "resend": "5m"}})
    training = Training(daemon, "remembered")
    training.send(12, BLOCK)
    eventually(lambda: alertmanager.alerts(run="remembered"), "the alert")
    assert alertmanager.process is not None
    alertmanager.process.send_signal(19)  # it is there, and answers nobody
    training.send(32)
    eventually(lambda: not alerts(daemon, "remembered"), "its end")
    alertmanager.process.send_signal(18)
    eventually(lambda: not alertmanager.alerts(run="remembered"), "its end there", 40)


def test_information_is_told_as_such(start: Start, alertmanager: Alertmanager) -> None:
    alertmanager.start()
    daemon = start(alerts={"block_structure": {"dominance_enter": 1.0, "dominance_exit": 1.0}, **settings(alertmanager)})
    Training(daemon, "quiet").send(12, BLOCK)
    [entry] = eventually(lambda: alertmanager.alerts(run="quiet"), "the alert")
    assert (entry["labels"]["severity"], entry["annotations"]["kind"]) == ("info", "contiguous")


def test_the_address_is_read_again(start: Start, alertmanager: Alertmanager) -> None:
    alertmanager.start()
    daemon = start()
    Training(daemon, "moved").send(12, BLOCK)
    wait_for(daemon, "moved", RULE, firing, "the block")
    (daemon.directory / "livecka.yaml").write_text(json.dumps({**daemon.settings, "alerts": settings(alertmanager)}))
    assert daemon.ask("reload") == {"restart_needed": []}
    eventually(lambda: alertmanager.alerts(run="moved"), "the alert")


def test_nobody_there_delays_nothing(start: Start) -> None:
    daemon = start(alerts={"alertmanager": {"url": f"http://127.0.0.1:{free_port()}", "timeout": "30s"}})
    training = Training(daemon, "alone")
    training.send(12, BLOCK)
    wait_for(daemon, "alone", RULE, firing, "the block")
    training.send(32)
    eventually(lambda: not alerts(daemon, "alone"), "its end")
