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


def test_blocks_of_a_file_from_elsewhere(daemon: Daemon, tmp_path: Path) -> None:
    cka = np.full((20, 20), 0.4)
    cka[6:16, 6:16] = 0.97
    np.fill_diagonal(cka, 1)
    path = tmp_path / "matrix.json"
    path.write_text(json.dumps({"cka": cka.tolist(), "layers": [f"b{layer}" for layer in range(20)]}))
    (block,) = json.loads(daemon.command_line("blocks", str(path), "--json").stdout)
    assert list(block) == ["first", "last", "names", "kind", "strength", "stderr", "corner", "dominance"]
    assert (block["first"], block["last"], block["names"]) == (6, 15, [f"b{layer}" for layer in range(6, 16)])
    assert (block["kind"], block["stderr"], block["dominance"]) == ("contiguous", None, None)
    assert block["strength"] == pytest.approx(0.57) and block["corner"] == pytest.approx(0.97)
    said = daemon.command_line("blocks", str(path)).stdout
    assert "layers b6–b15 (10 of 20), strength 0.57" in said and "`groups`" in said and "`dominance`" in said
    (grouped,) = json.loads(daemon.command_line("blocks", str(path), "--json", "--group", "[02468]$").stdout)
    assert (grouped["first"], grouped["last"], grouped["group"]) == (6, 14, "[02468]$")


def test_a_file_without_a_matrix_is_refused_in_a_line(daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "no.json").write_text("[1]")
    for name in ("no.json", "missing.safetensors", "picture.png"):
        finished = daemon.command_line("blocks", str(tmp_path / name))
        assert finished.returncode == 1
        assert finished.stdout == ""
        assert len(finished.stderr.strip().splitlines()) == 1 and "livecka snapshot" in finished.stderr


def test_a_run_of_alike_layers_is_shown_as_a_block(daemon: Daemon, tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    session = daemon.emitter().session("alike")
    for index in range(4):
        common = random.normal(size=(64, 1)) * 4
        layers = {
            f"b{layer:02}": (common if 6 <= layer < 16 else 0) + random.normal(size=(64, 8)) for layer in range(20)
        }
        session.send(0, layers, batch=index, batches=4)
    daemon.settled("alike", accumulated=4)
    sentence = "Block structure: layers b06–b15 (10 of 20), strength "
    assert sentence in daemon.command_line("show", "alike", "--window", "total").stdout
    for suffix in (".svg", ".safetensors"):
        path = tmp_path / f"matrix{suffix}"
        assert daemon.command_line("snapshot", "alike", "--window", "total", "-o", str(path)).returncode == 0
    assert sentence in (tmp_path / "matrix.svg").read_text()
    (block,) = json.loads(daemon.command_line("blocks", str(tmp_path / "matrix.safetensors"), "--json").stdout)
    assert (block["first"], block["last"], block["kind"]) == (6, 15, "dominant")
    assert block["stderr"] > 0


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
