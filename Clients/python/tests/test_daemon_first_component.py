"""First principal components of a real daemon, against NumPy's eigendecomposition."""

from __future__ import annotations

import json
from typing import Any, Optional

import numpy as np
import pytest

import livecka
from components import Figures, component, figures, pooled
from daemon import Daemon, Header, Subscriber, batch_header, tensors
from reference import gram
from waiting import eventually

KEYS = {
    "v", "epoch", "seq", "time", "run", "window", "kind", "generation", "step_first", "step_last", "batches", "examples",
    "window_batches", "defined_batches", "layers", "estimator", "weighting", "undefined", "undefined_without",
    "dominant_examples", "dtype", "frames", "shapes",
}


def layers(seed: int, n: int = 24, *, isotropic: bool = False, dtype: Any = np.float32) -> dict[str, Any]:
    """Three layers that share a strong direction and some weaker ones, and where asked for one without any."""
    random = np.random.default_rng(seed)
    strong, common = random.standard_normal((n, 1)), random.standard_normal((n, 6))
    batch = {
        f"layer{i}": np.hstack([
            (4 + i) * (strong + 0.1 * i * random.standard_normal((n, 1))), common @ random.standard_normal((6, 9)),
        ]).astype(dtype)
        for i in range(3)
    }
    if isotropic:
        square = np.tile([[1, 1], [1, -1], [-1, 1], [-1, -1]], (n // 4, 1))
        batch["square"] = square.astype(dtype)
    return batch


def figures_of(message: tuple[str, Header, list[bytes]]) -> Figures:
    _, header, frames = message
    assert set(header) == KEYS and header["frames"] == ["fraction", "alignment", "cka_without"]
    assert len(frames) == 3
    return Figures(*(np.frombuffer(frame, "<f8").reshape(shape) for frame, shape in zip(frames, header["shapes"])))


def expect(actual: Figures, expected: Figures, tolerance: float = 1e-5) -> None:
    for name in ("fraction", "alignment", "cka_without"):
        np.testing.assert_allclose(getattr(actual, name), getattr(expected, name), rtol=0, atol=tolerance, err_msg=name)


def published(subscriber: Subscriber, run: str, window: str, batches: int) -> tuple[str, Header, list[bytes]]:
    return subscriber.until(
        lambda topic, header: topic == f"pc1/{run}/{window}/" and header["batches"] == batches, f"{window} of {batches}"
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_figures_of_a_batch_are_those_of_an_eigendecomposition(daemon: Daemon, dtype: Any) -> None:
    run = f"pc1-{np.dtype(dtype).name}"
    batch = layers(1, dtype=dtype)
    subscriber = daemon.subscriber(f"pc1/{run}/total/")
    daemon.emitter().session(run).send(0, batch, probe="set", batch=0, batches=1)
    message = published(subscriber, run, "total", 1)
    expect(figures_of(message), figures([batch]))
    header = message[1]
    assert (header["window_batches"], header["examples"], header["defined_batches"]) == (1, 24, [1, 1, 1])
    assert header["undefined"] == header["undefined_without"] == {}


@pytest.mark.parametrize("packed", [False, True])
def test_gram_matrices_serve_as_well(daemon: Daemon, packed: bool) -> None:
    run = f"pc1-gram-{packed}"
    batch = layers(2)
    grams = {name: gram(array) for name, array in batch.items()}
    payload = {name: kernel[np.triu_indices(24)] if packed else kernel for name, kernel in grams.items()}
    header = {**batch_header(run, 0, payload), "probe": "set"}
    for entry in header["tensors"]:
        entry.update(kind="gram", **({"packed": True} if packed else {}))
    subscriber = daemon.subscriber(f"pc1/{run}/total/")
    daemon.emitter().send(header, tensors(payload))
    expect(figures_of(published(subscriber, run, "total", 1)), figures([batch]), 1e-6)


def test_windows_pool_their_batches(daemon: Daemon) -> None:
    run = "pc1-windows"
    batches = [layers(10 + i, 20 + 4 * (i % 3), isotropic=True) for i in range(20)]
    subscribers = {window: daemon.subscriber(f"pc1/{run}/{window}/") for window in ("pass", "recent", "total")}
    session = daemon.emitter().session(run)
    for i, batch in enumerate(batches):
        session.send(i // 4, batch, probe="set", batch=i % 4, batches=4)
    found = [[component(array) for array in batch.values()] for batch in batches]
    expect(figures_of(published(subscribers["total"], run, "total", 20)), pooled(found))
    expect(figures_of(published(subscribers["recent"], run, "recent", 16)), pooled(found[-16:]))
    last = subscribers["pass"].until(lambda _, header: header["step_first"] == 4, "the last pass")
    expect(figures_of(last), pooled(found[-4:]))
    assert last[1]["undefined"] == last[1]["undefined_without"] == {"square": "no_gap"}


def test_layer_counts_where_it_is_defined(daemon: Daemon) -> None:
    run = "pc1-mixed"
    random = np.random.default_rng(3)
    batches = [layers(30 + i, 16, isotropic=True) for i in range(6)]
    for i in (1, 4):
        batches[i]["square"] = (random.standard_normal((16, 5)) * [5, 1, 1, 1, 1]).astype(np.float32)
    subscriber = daemon.subscriber(f"pc1/{run}/total/")
    session = daemon.emitter().session(run)
    for i, batch in enumerate(batches):
        session.send(i, batch, probe="set")
    message = published(subscriber, run, "total", 6)
    expect(figures_of(message), figures(batches))
    assert message[1]["defined_batches"] == [6, 6, 6, 2]


def test_decay_halves_the_weight_of_a_batch(daemon: Daemon) -> None:
    run = "pc1-decay"
    batches = [layers(50 + i) for i in range(9)]
    subscriber = daemon.subscriber(f"pc1/{run}/trend/")
    session = daemon.emitter().session(run)
    for i, batch in enumerate(batches):
        session.send(i, batch, probe="set")
    actual = figures_of(published(subscriber, run, "trend", 9))
    weights = 0.5 ** (np.arange(8, -1, -1) / 4)
    found = [component(batch["layer1"]) for batch in batches]
    values = np.array([(c.eigenvalue, c.trace) for c in found])
    assert actual.fraction[1] == pytest.approx(weights @ values[:, 0] / (weights @ values[:, 1]), abs=1e-6)


@pytest.mark.parametrize("setting, expected", [(None, 1), ("probe", 1), ("all", 2), ("off", 0)])
def test_setting_chooses_the_batches(start: Any, setting: Optional[str], expected: int) -> None:
    engine = {} if setting is None else {"engine": {"first_component": setting}}
    daemon = start(**engine)
    session = daemon.emitter().session("run")
    session.send(0, layers(1), probe="set")
    session.send(1, layers(2))
    daemon.settled("run", accumulated=2)
    header = daemon.ask("snapshot", run="run", window="total")
    if expected == 0:
        assert header["pc1"] is None
    else:
        assert (header["pc1"]["batches"], header["pc1"]["window_batches"]) == (expected, 2)


def test_dominant_examples_are_named(daemon: Daemon) -> None:
    run = "pc1-examples"
    batches = [layers(70 + i, 16) for i in range(3)]
    for array in batches[1].values():
        array[5] *= 30
    for array in batches[2].values():
        array[9] *= 20
    subscriber = daemon.subscriber(f"pc1/{run}/total/")
    session = daemon.emitter().session(run)
    for i, batch in enumerate(batches):
        ids = [f"img-{i}-{row}" for row in range(16)] if i else None
        session.send(0, batch, probe="set", batch=i, batches=3, examples=ids)
    named = published(subscriber, run, "total", 3)[1]["dominant_examples"]
    shares = [np.mean([component(array).vector ** 2 for array in batch.values()], axis=0) for batch in batches]
    order = sorted(((share, i, row) for i, rows in enumerate(shares) for row, share in enumerate(rows)), reverse=True)
    assert [(e["probe"], e["batch"], e["row"]) for e in named] == [("set", i, row) for _, i, row in order[:10]]
    assert named[0]["id"] == f"img-{order[0][1]}-{order[0][2]}"
    assert {e["id"] for e in named if e["batch"] == 0} <= {None}
    np.testing.assert_allclose([e["share"] for e in named], [share for share, _, _ in order[:10]], atol=1e-5)


def test_latest_sweep_names_the_examples(daemon: Daemon) -> None:
    run = "pc1-sweeps"
    subscriber = daemon.subscriber(f"pc1/{run}/total/")
    session = daemon.emitter().session(run)
    for step, row in enumerate((3, 11)):
        batch = layers(80, 16)
        for array in batch.values():
            array[row] *= 40
        session.send(step, batch, probe="set", batch=0, batches=1)
    named = published(subscriber, run, "total", 2)[1]["dominant_examples"]
    assert named[0]["row"] == 11 and [e["row"] for e in named].count(11) == 1


def test_late_subscriber_has_the_last_values(daemon: Daemon) -> None:
    run = "pc1-late"
    daemon.emitter().session(run).send(0, layers(1), probe="set")
    daemon.settled(run, accumulated=1)
    late = daemon.subscriber(f"pc1/{run}/")
    topics = {late.receive()[0] for _ in range(3)}
    assert topics == {f"pc1/{run}/{window}/" for window in ("recent", "trend", "total")}


def test_snapshot_carries_them_where_asked(daemon: Daemon, tmp_path: Any) -> None:
    run = "pc1-snapshot"
    batch = layers(4, isotropic=True)
    daemon.emitter().session(run).send(0, batch, probe="set", batch=0, batches=1)
    daemon.settled(run, accumulated=1)
    plain, frames = daemon.ask_with_frames("snapshot", run=run, window="total")
    assert len(frames) == 3 and plain["frames"] == ["cka", "stderr", "hsic"]
    header, frames = daemon.ask_with_frames("snapshot", run=run, window="total", groups=True, pc1=True)
    assert header["frames"] == [
        "cka", "stderr", "hsic", "dominance", "groups", "traces", "pc1_fraction", "pc1_alignment", "pc1_cka_without",
    ]
    assert len(frames) == 9
    expected = figures([batch])
    np.testing.assert_allclose(np.frombuffer(frames[6], "<f8"), expected.fraction, atol=1e-5)

    for name in ("m.json", "m.safetensors"):
        path = tmp_path / name
        result = daemon.command_line("snapshot", run, "--window", "total", "-o", str(path))
        assert result.returncode == 0, result.stderr
        saved = livecka.load(path)
        expect(
            Figures(*(saved.extras[f"pc1_{key}"] for key in ("fraction", "alignment", "cka_without"))), expected
        )
        assert saved.header["pc1"]["undefined"] == {"square": "no_gap"}
        assert len(saved.header["pc1"]["dominant_examples"]) == 10
    document = json.loads((tmp_path / "m.json").read_text())
    assert set(document["pc1"]) >= {"batches", "fraction", "alignment", "cka_without", "dominant_examples"}
    assert document["pc1"]["fraction"][3] is None

    with livecka.connect(daemon.control_endpoint) as control:
        snapshot = control.snapshot(run, "total")
    np.testing.assert_allclose(snapshot.extras["pc1_alignment"], expected.alignment, atol=1e-5)
    snapshot.save(tmp_path / "again.json")
    again = livecka.load(tmp_path / "again.json")
    np.testing.assert_array_equal(again.extras["pc1_alignment"], snapshot.extras["pc1_alignment"])


def test_python_client_follows_them(daemon: Daemon) -> None:
    run = "pc1-client"
    batch = layers(6)
    daemon.emitter().session(run).send(0, batch, probe="set")
    with livecka.subscribe(run, daemon.publish, topics=["pc1"]) as subscription:
        message = eventually(lambda: subscription.receive("1s"), "first components")
    assert message.kind == "pc1" and message.layers == list(batch)
    expect(Figures(message.fraction, message.alignment, message.cka_without), figures([batch]))


def test_want_of_memory_costs_the_components_first(start: Any) -> None:
    daemon = start(limits={"memory": "600kB"}, windows=[{"name": "recent", "kind": "total"}])
    random = np.random.default_rng(1)
    batch = {f"l{i}": random.standard_normal((128, 8)).astype(np.float32) for i in range(12)}
    session = daemon.emitter().session("run")
    session.send(0, batch, probe="set")
    daemon.settled("run", accumulated=1)
    assert daemon.ask("snapshot", run="run")["pc1"] is None
    assert any("first components" in line for line in daemon.ask("status")["degraded"])


def test_forgotten_run_gives_its_memory_back(start: Any) -> None:
    daemon = start()

    def held() -> int:
        """What the run holds: connections and scratch are set aside for as long as the daemon needs them."""
        memory = daemon.ask("status")["memory"]
        return int(memory["used"] - memory["connections"] - memory["scratch"])

    before = held()
    session = daemon.emitter().session("run")
    for i in range(5):
        session.send(i, layers(i), probe="set", batch=0, batches=1)
    daemon.settled("run", accumulated=5)
    daemon.ask("forget", run="run")
    eventually(lambda: held() == before, "the memory")
