"""The daemon under the system calls that its systemd units leave it."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

import numpy as np
import pytest

from daemon import WINDOWS, Daemon

SYSTEMD = Path(__file__).resolve().parents[3] / "systemd"


@pytest.mark.parametrize("unit", ["livecka.service", "user/livecka.service"])
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze knows the groups of system calls")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the filter is written for x86-64")
def test_daemon_works_with_the_system_calls_of_its_unit(executable: str, tmp_path: Path, unit: str) -> None:
    program = tmp_path / "livecka"
    program.write_text(f'#!/bin/sh\nexec "{SYSTEMD}/run-filtered" "{SYSTEMD}/{unit}" "{Path(executable).resolve()}" "$@"\n')
    program.chmod(0o755)
    daemon = Daemon(str(program), windows=WINDOWS)
    try:
        subscriber = daemon.subscriber("cka/filtered/")
        random = np.random.default_rng(1)
        batch = {f"layer{i}": random.standard_normal((16, 8)).astype("float32") for i in range(3)}
        daemon.emitter().session("filtered").send(0, batch)
        subscriber.until(lambda topic, header: header["batches"] == 1, "a matrix")
    finally:
        assert daemon.stop() == 0


def test_every_thread_of_the_daemon_yields_to_others(daemon: Daemon) -> None:
    batch = 3  # SCHED_BATCH
    policies = [
        ((task / "comm").read_text().strip(), int((task / "stat").read_text().rsplit(")", 1)[1].split()[38]))
        for task in Path(f"/proc/{daemon.process.pid}/task").iterdir()
    ]
    assert len(policies) > 8
    assert [name for name, policy in policies if policy != batch] == []
