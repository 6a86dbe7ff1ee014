"""The torch client and a real daemon: the same matrices as plain PyTorch and Float64, and programs that end in time."""

from __future__ import annotations

import copy
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reference
from daemon import Daemon

torch = pytest.importorskip("torch")
nn = torch.nn

import livecka  # noqa: E402

SOURCE = Path(__file__).parents[1] / "src"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear, self.norm = nn.Linear(12, 12), nn.BatchNorm1d(12)

    def forward(self, h: Any) -> Any:
        return h + torch.relu(self.norm(self.linear(h)))


def new_model() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(*(Block() for _ in range(5)))


INPUTS = torch.randn(40, 12, generator=torch.Generator().manual_seed(1))
PROBE = torch.randn(40, 12, generator=torch.Generator().manual_seed(2))


def by_plain_hooks(model: Any, inputs: Any) -> dict[str, Any]:
    """The blocks' outputs in Float64, by plain PyTorch."""
    outputs: dict[str, Any] = {}
    handles = [
        block.register_forward_hook(lambda m, i, o, name=name: outputs.update({name: o.detach().double().numpy()}))
        for name, block in model.named_children()
    ]
    model(inputs)
    for handle in handles:
        handle.remove()
    return outputs


@pytest.mark.parametrize("payload", ["gram", "activations"])
@pytest.mark.parametrize("mode", ["probe", "tap"])
def test_matrices_at_the_daemon_equal_the_float64_reference(daemon: Daemon, mode: str, payload: str) -> None:
    model, run, expected = new_model(), f"torch-{mode}-{payload}", []
    probe = {"probe": PROBE, "batch_size": 10} if mode == "probe" else {}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    with livecka.torch.watch(
        model, run=run, endpoint=daemon.ingest, every=2, payload=payload, layers=r"\d", budget=None, strict=True, **probe
    ) as watcher:
        assert watcher.monitor is not None and watcher.monitor.wait_for_subscriber("10s")
        is_armed = False
        for _ in range(6):
            chosen = INPUTS[torch.randperm(40)[:20]]
            if is_armed:
                expected.append(by_plain_hooks(copy.deepcopy(model), chosen))
            model(chosen).square().mean().backward()
            optimizer.step()
            is_due = watcher.step()
            is_armed = is_due and mode == "tap"
            if is_due and mode == "probe":
                twin = copy.deepcopy(model).eval()
                expected += [by_plain_hooks(twin, PROBE[i : i + 10]) for i in range(0, 40, 10)]
    daemon.settled(run, accumulated=len(expected))
    assert len(expected) == (4 * 4 if mode == "probe" else 3)
    header, matrices = daemon.matrix(run, "total")
    truth = reference.total(reference.batch(batch) for batch in expected)
    assert header["layers"] == [str(i) for i in range(5)]
    np.testing.assert_allclose(matrices["cka"], truth.cka, rtol=0, atol=1e-5)
    np.testing.assert_allclose(matrices["hsic"], truth.hsic, rtol=1e-5, atol=1e-5 * np.abs(truth.hsic).max())


# A program's end

FULL_QUEUE = """
    import os, signal, sys, time, torch, livecka.torch
    torch.set_num_threads(1)
    model = torch.nn.Sequential(*(torch.nn.Linear(256, 256) for _ in range(8)))
    watcher = livecka.torch.watch(
        model, run="full", endpoint=sys.argv[1], probe=torch.randn(512, 256), every=1, budget=None, queue_bytes=8 << 20
    )
    assert watcher.monitor.wait_for_subscriber(10)
    os.kill(int(sys.argv[2]), signal.SIGSTOP)
    while not watcher.stats.dropped:
        watcher.step()
    {before_the_end}
    print(time.time(), flush=True)
    {the_end}
"""


def end_of(daemon: Daemon, before_the_end: str, the_end: str) -> float:
    """Seconds from a program's last line to its end, with a full queue in front of a daemon that is stopped."""
    script = textwrap.dedent(FULL_QUEUE).format(before_the_end=before_the_end, the_end=the_end)
    program = subprocess.Popen(
        [sys.executable, "-c", script, daemon.ingest, str(daemon.process.pid)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)}, stderr=subprocess.DEVNULL,
    )
    try:
        output, _ = program.communicate(timeout=60)
        return time.time() - float(output)
    finally:
        program.kill()
        if daemon.process.poll() is None:
            os.kill(daemon.process.pid, signal.SIGCONT)


@pytest.mark.parametrize(
    ("before_the_end", "the_end"),
    [
        pytest.param("", "", id="finished"),
        pytest.param("os.kill(int(sys.argv[2]), signal.SIGKILL)", "", id="daemon-gone"),
        pytest.param("", "os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", id="terminated"),
        pytest.param(
            "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))", "os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)",
            id="terminated-with-a-handler",
        ),
        pytest.param("", "raise KeyboardInterrupt", id="interrupted"),
    ],
)
def test_a_program_with_a_full_queue_and_no_daemon_ends_in_time(
    start: Callable[..., Daemon], before_the_end: str, the_end: str
) -> None:
    assert end_of(start(), before_the_end, the_end) < 1.5


def test_the_overhead_benchmark_runs_and_its_losses_are_identical(executable: str) -> None:
    from livecka.benchmarks import overhead

    kinds = ("absent", "absent again", "nobody", "daemon")
    result = overhead.measured(executable, blocks=2, steps=6, every=4, threads=1, kinds=kinds)
    assert [row["kind"] for row in result["rows"]] == list(kinds[1:])
    assert all(row["losses_identical"] for row in result["rows"])
    nobody = result["rows"][1]["counters"]
    assert nobody["steps"] > 0 and all(count == 0 for name, count in nobody.items() if name != "steps")
    assert result["rows"][2]["counters"]["sweeps"] > 0
