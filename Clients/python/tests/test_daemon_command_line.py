"""A real daemon's commands, files and exit codes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import reference
from daemon import Daemon, activations, send_all


def test_results_as_json_are_what_the_control_socket_says(daemon: Daemon) -> None:
    daemon.emitter().session("cli").send(0, activations(0))
    daemon.settled("cli", accumulated=1)
    runs = json.loads(daemon.command_line("runs", "--json").stdout)
    assert {entry["run"] for entry in runs} >= {"cli"}
    assert json.loads(daemon.command_line("status", "--json").stdout)["epoch"] == daemon.ask("status")["epoch"]
    assert "cli" in daemon.command_line("runs").stdout


@pytest.mark.parametrize("suffix", [".json", ".safetensors", ".csv", ".svg", ".png"])
def test_snapshot_files(daemon: Daemon, tmp_path: Path, suffix: str) -> None:
    livecka = pytest.importorskip("livecka")
    run, path = f"files{suffix}", tmp_path / f"matrix{suffix}"
    batches = [activations(seed, dtype=np.float64) for seed in range(3)]
    send_all(daemon.emitter().session(run), batches)
    daemon.settled(run, accumulated=3)
    finished = daemon.command_line("snapshot", run, "--window", "total", "-o", str(path))
    assert finished.returncode == 0, finished.stderr
    assert path.stat().st_size > 0
    if suffix in (".json", ".safetensors"):
        snapshot = livecka.load(path)
        expected = reference.total(map(reference.batch, batches))
        np.testing.assert_allclose(snapshot.cka, expected.cka, rtol=0, atol=1e-10)
        np.testing.assert_allclose(snapshot.dominance, expected.dominance, rtol=0, atol=1e-6)
        assert (snapshot.run, snapshot.window, snapshot.layers) == (run, "total", list(batches[0]))
    if suffix == ".json":
        document = json.loads(path.read_text())
        assert set(document) >= {
            "run", "window", "generation", "step_first", "step_last", "batches", "examples", "missing", "layers", "cka",
            "stderr", "hsic", "dominance", "accounting",
        }
    if suffix == ".safetensors":
        assert snapshot.extras["groups"].shape == (3, 3, 3) or snapshot.extras["groups"].shape == (8, 3, 3)
        assert snapshot.extras["traces"].shape == snapshot.extras["groups"].shape[:2]


def test_exit_codes(daemon: Daemon, tmp_path: Path) -> None:
    unreachable = subprocess.run(
        [daemon.executable, "status", "--control", f"ipc://{tmp_path}/nobody.sock"], capture_output=True, text=True,
        timeout=30, check=False,
    )
    assert unreachable.returncode == 69
    assert len(unreachable.stderr.strip().splitlines()) == 1 and "serve" in unreachable.stderr
    assert daemon.command_line("dance").returncode == 64
    assert daemon.command_line("attach").returncode == 64
    assert daemon.command_line("show", "nobody").returncode not in (0, 64, 69)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("ingesst: {}", "ingesst"), ("stale_after: 7", "stale_after"),
        ("windows: [{name: a, kind: sliding, batches: 7}]", "batches"),
    ],
)
def test_check_config_names_line_and_key(daemon: Daemon, tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(f"# a comment\n{text}\n")
    checked = subprocess.run(
        [daemon.executable, "check-config", str(path)], capture_output=True, text=True, timeout=30, check=False
    )
    assert checked.returncode == 1
    complaint = checked.stdout + checked.stderr
    assert word in complaint and "settings.yaml" in complaint and "2" in complaint
