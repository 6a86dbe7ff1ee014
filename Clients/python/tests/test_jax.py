"""Watching and tapping real JAX programs, and Flax modules, against a raw ingest socket and a real daemon."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import reference
from conftest import Ingest
from daemon import Daemon
from waiting import eventually

jax = pytest.importorskip("jax", reason="JAX is not installed")

import jax.numpy as jnp  # noqa: E402

import livecka.jax  # noqa: E402
from livecka import _arrays, _budget, _outbox, _turns  # noqa: E402
from livecka.jax import _watcher  # noqa: E402

WIDTHS = (5, 12, 8, 3)


def parameters() -> list[Any]:
    keys = jax.random.split(jax.random.PRNGKey(0), len(WIDTHS) - 1)
    return [jax.random.normal(key, shape) / 2 for key, shape in zip(keys, zip(WIDTHS, WIDTHS[1:]))]


def inputs(count: int = 20, seed: int = 1) -> Any:
    return np.random.default_rng(seed).standard_normal((count, WIDTHS[0]), np.float32)


def layers(params: list[Any], x: Any) -> dict[str, Any]:
    """Named so that the alphabet would sort them otherwise."""
    result = {}
    for index, weights in enumerate(params):
        x = jnp.tanh(x @ weights)
        result[f"z{9 - index}"] = x
    return result


def in_numpy(params: list[Any], x: Any) -> list[Any]:
    result = []
    for weights in params:
        x = np.tanh(np.asarray(x, np.float64) @ np.asarray(weights, np.float64))
        result.append(x)
    return result


@jax.jit
def update(params: list[Any], x: Any) -> list[Any]:
    gradients = jax.grad(lambda params: (layers(params, x)["z7"] ** 2).sum())(params)
    return [weights - 0.01 * gradient for weights, gradient in zip(params, gradients)]


def tap(ingest: Ingest, **options: Any) -> livecka.jax.Tap:
    opened = livecka.jax.Tap("tapped", ingest.endpoint, **{"every": 2, "strict": True, **options})
    ingest.wait_for(opened.monitor)
    return opened


def batches(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message for message in messages if message["type"] == "batch"]


# watch


def test_a_sweep_sends_what_the_function_returns_in_its_order(ingest: Ingest) -> None:
    params, kept = parameters(), {}
    listening = ingest.in_the_background()
    with livecka.jax.watch(
        layers, run="mlp", endpoint=ingest.endpoint, probe=(inputs(), np.arange(20) % 3), batch_size=12, every=3,
        budget=None, wait="10s", strict=True,
    ) as watcher:
        for step in range(1, 8):
            params = update(params, inputs(seed=step))
            kept[step] = params
            assert watcher.step(params) is (step in (1, 3, 6))
    sent = batches(listening.result())
    assert [(batch["step"], batch["batch"], batch["batches"]) for batch in sent] == [
        (step, index, 2) for step in (1, 3, 6) for index in (0, 1)
    ]
    for batch in sent:
        part = slice(0, 12) if batch["batch"] == 0 else slice(12, 20)
        assert [entry["layer"] for entry in batch["tensors"]] == ["z9", "z8", "z7"]
        assert batch["examples"] == list(range(20))[part] and batch["labels"] == [i % 3 for i in range(20)][part]
        for array, expected in zip(batch["arrays"].values(), in_numpy(kept[batch["step"]], inputs()[part])):
            np.testing.assert_allclose(array, expected, rtol=0, atol=1e-5)


def test_the_daemons_matrix_is_that_of_the_same_activations(daemon: Daemon) -> None:
    params = parameters()
    with livecka.jax.watch(
        layers, run="jax", endpoint=daemon.ingest, probe=inputs(64), batch_size=32, wait="10s", strict=True
    ) as watcher:
        assert watcher.step(params, 5)
    daemon.settled("jax", accumulated=2)
    header, matrices = daemon.matrix("jax", "pass")
    expected = reference.total(reference.batch(in_numpy(params, inputs(64)[part])) for part in (slice(32), slice(32, 64)))
    np.testing.assert_allclose(matrices["cka"], expected.cka, rtol=0, atol=1e-5)
    assert header["layers"] == ["z9", "z8", "z7"] and header["step_last"] == 5


def test_nobody_listening_means_that_nothing_runs() -> None:
    def never(params: Any, x: Any) -> Any:
        raise AssertionError("it ran")

    nowhere = "tcp://127.0.0.1:9"
    with livecka.jax.watch(never, run="mlp", endpoint=nowhere, probe=inputs(), every=1, wait=0, strict=True) as watcher:
        assert not any(watcher.step(parameters()) for _ in range(3))
    assert watcher.stats is not None and watcher.stats.attempted == 0


def test_what_goes_wrong_does_not_reach_the_training(ingest: Ingest, caplog: pytest.LogCaptureFixture) -> None:
    def broken(params: Any, x: Any) -> Any:
        raise ValueError("no such layer")

    watcher = livecka.jax.watch(broken, run="mlp", endpoint=ingest.endpoint, probe=inputs(), every=1, budget=None)
    ingest.wait_for(watcher.monitor)
    assert not any(watcher.step(parameters()) for _ in range(3))
    watcher.close()
    assert watcher.faults == {"watch this step: ValueError": 3} and len(caplog.records) == 1


def test_arrays_without_an_axis_of_examples_are_named_and_left_out(ingest: Ingest, caplog: pytest.LogCaptureFixture) -> None:
    def mixed(params: Any, x: Any) -> Any:
        return {"good": x, "mean": x.mean(), "features": x.mean(axis=0)}

    listening = ingest.in_the_background()
    with livecka.jax.watch(
        mixed, run="mlp", endpoint=ingest.endpoint, probe=inputs(8), every=1, budget=None, wait="10s", strict=True
    ) as watcher:
        watcher.step(parameters())
        watcher.step(parameters())
    assert {tuple(batch["arrays"]) for batch in batches(listening.result())} == {("good",)}
    assert len(caplog.records) == 1 and "mean" in caplog.text and "features" in caplog.text


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        (inputs(3), "at least 4"), ((inputs(8), np.arange(7)), "7 labels"), ([], "no batch"),
        ({"x": inputs()}, "list of batches"), ([1], "arrays"),
    ],
)
def test_probe_sets_that_cannot_be_are_refused(probe: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        livecka.jax.watch(layers, run="mlp", probe=probe, endpoint="tcp://127.0.0.1:9")


TRACING = 1.0


def slow(params: Any, x: Any) -> dict[str, Any]:
    """Takes a while to trace, and a while to compute, which the call does not wait for."""
    time.sleep(TRACING)
    product = jax.lax.fori_loop(0, 200, lambda _, square: square @ square / 600, jnp.ones((600, 600)))
    return {"x": x + product[0, 0]}


def seconds_to_compute(function: Any, *arguments: Any) -> float:
    """The smaller of two runs of a compiled function."""
    durations = []
    for _ in range(3):
        start = time.perf_counter()
        jax.block_until_ready(function(*arguments))
        durations.append(time.perf_counter() - start)
    return min(durations[1:])


def test_a_sweep_is_paid_for_with_what_the_device_takes_and_compiling_is_not(ingest: Ingest) -> None:
    params = parameters()
    computing = seconds_to_compute(jax.jit(slow), params, inputs())
    with livecka.jax.watch(
        slow, run="mlp", endpoint=ingest.endpoint, probe=inputs(), every=1, budget="50%", strict=True
    ) as watcher:
        ingest.wait_for(watcher.monitor)
        assert watcher.step(params)
        first = watcher.cost.seconds
        assert computing / 4 < first
        assert not watcher.step(params)
        eventually(lambda: watcher.step(params), "a second sweep")
        assert watcher.cost.seconds > first + computing / 4
        assert watcher.cost.seconds < TRACING + 2 * computing
        assert watcher.postponed >= 1


def test_what_was_dispatched_before_a_sweep_is_not_its_cost(ingest: Ingest) -> None:
    @jax.jit
    def update(params: Any) -> Any:
        addition = slow(params, jnp.zeros(1))["x"][0]
        return [weights + addition for weights in params]

    params = parameters()
    computing = seconds_to_compute(update, params)
    with livecka.jax.watch(layers, run="mlp", endpoint=ingest.endpoint, probe=inputs(), strict=True) as watcher:
        ingest.wait_for(watcher.monitor)
        assert watcher.step(update(params), 1)
        assert watcher.cost.seconds < computing / 2
        time.sleep(3 * computing)
        # Until now the device had nothing to do, of which so much is due to the sweep.
        watcher.step(params, 2)
        assert computing / 2 < watcher.cost.seconds < 2 * computing
        watcher.step(params, 3)
        assert watcher.cost.seconds < 2 * computing


def test_without_a_budget_training_waits_for_nothing(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "block_until_ready", lambda *_: pytest.fail("waited"))
    with livecka.jax.watch(
        layers, run="mlp", endpoint=ingest.endpoint, probe=inputs(), budget=None, strict=True
    ) as watcher:
        ingest.wait_for(watcher.monitor)
        assert watcher.step(parameters())


def test_a_full_queue_costs_no_sweep_and_the_loss_is_told(ingest: Ingest) -> None:
    with livecka.jax.watch(
        layers, run="mlp", endpoint=ingest.endpoint, probe=inputs(), every=1, budget=None, queue_bytes=2000, strict=True
    ) as watcher:
        ingest.wait_for(watcher.monitor)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_outbox.Outbox, "_send_batch", lambda *_: False)
            assert watcher.step(parameters())
            patch.setattr(watcher, "_run", lambda *_: pytest.fail("computed"))
            assert not watcher.step(parameters())
            assert watcher.stats is not None and (watcher.stats.attempted, watcher.stats.dropped) == (2, 1)
        eventually(lambda: watcher.step(parameters()), "a second sweep")


def test_a_probe_set_larger_than_the_queue_is_swept_again_once_that_is_empty(ingest: Ingest) -> None:
    with livecka.jax.watch(
        lambda params, x: {"x": x}, run="mlp", endpoint=ingest.endpoint, probe=inputs(20), batch_size=10, every=1,
        budget=None, queue_bytes=300, strict=True,
    ) as watcher:
        ingest.wait_for(watcher.monitor)
        for _ in range(3):
            eventually(lambda: watcher.step(parameters()), "a sweep")
            eventually(lambda: watcher.stats.queued == 0, "an empty queue")
        assert watcher.stats.sent >= 3


def test_a_step_that_is_an_array_may_be_donated_later(ingest: Ingest) -> None:
    with livecka.jax.watch(
        layers, run="mlp", endpoint=ingest.endpoint, probe=inputs(), every=1, budget=None, strict=True
    ) as watcher:
        ingest.wait_for(watcher.monitor)
        for number in (3, 5):
            step = jnp.int32(number)
            assert watcher.sweep(parameters(), step)
            step.delete()
        assert watcher.cost.every == 2
        assert watcher.step(parameters(), 6)


def test_whoever_comes_later_is_served_at_the_next_step(ingest: Ingest) -> None:
    with livecka.jax.watch(
        layers, run="mlp", endpoint=ingest.endpoint, probe=inputs(), every=1000, strict=True
    ) as watcher:
        assert not watcher.step(parameters(), 1)
        ingest.wait_for(watcher.monitor)
        assert watcher.step(parameters(), 7)
        assert not watcher.step(parameters(), 8)


FUNCTIONS = [
    (owner, name)
    for owner in (_watcher.Watcher, _turns.Turns, _budget.Budget, _watcher)
    for name in (
        ["send"] if owner is _watcher
        else [name for name, value in vars(owner).items() if callable(value) and not name.startswith("__")]
    )
    if (owner, name) != (_watcher.Watcher, "sweep")
]


@pytest.mark.parametrize(("owner", "name"), FUNCTIONS, ids=[f"{owner.__name__}.{name}" for owner, name in FUNCTIONS])
def test_training_goes_on_whatever_fails(
    ingest: Ingest, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    calls = 0

    def fail(*arguments: Any, **keywords: Any) -> Any:
        nonlocal calls
        calls += 1
        raise RuntimeError("injected")

    def trained(watching: Any) -> list[Any]:
        params = parameters()
        for step in range(4):
            params = update(params, inputs(seed=step))
            if watching is not None:
                watching.step(params)
        return [np.asarray(weights) for weights in params]

    expected = trained(None)
    with livecka.jax.watch(layers, run="mlp", endpoint=ingest.endpoint, probe=inputs(), every=1, budget="50%") as watcher:
        ingest.wait_for(watcher.monitor)
        shield = getattr(vars(owner)[name], "__closure__", None)
        if shield and "method" in vars(owner)[name].__code__.co_freevars:
            cell = dict(zip(vars(owner)[name].__code__.co_freevars, shield))["method"]
            monkeypatch.setattr(cell, "cell_contents", fail)
        else:
            monkeypatch.setattr(owner, name, fail)
        for result, alone in zip(trained(watcher), expected):
            np.testing.assert_array_equal(result, alone)
    monkeypatch.undo()
    watcher.close()
    assert len(caplog.records) <= 1
    assert calls > 0 and sum(watcher.faults.values()) > 0


def test_alive_says_how_often_it_sweeps(ingest: Ingest) -> None:
    with livecka.jax.watch(
        layers, run="mlp", endpoint=ingest.endpoint, probe=inputs(), every=5, budget="50%", heartbeat="20ms", strict=True
    ) as watcher:
        ingest.wait_for(watcher.monitor)
        watcher.step(parameters())

        def told() -> Any:
            alive, _ = ingest.receive("alive")
            return alive if "every" in alive else None

        alive = eventually(told, "alive with the cost")
        assert (alive["every"], alive["every_asked"], alive["budget"]) == (5, 5, 0.5)
        assert 0 < alive["cost"]


def test_an_array_that_cannot_be_sent_is_a_fault_and_sweeping_goes_on(ingest: Ingest, caplog: pytest.LogCaptureFixture) -> None:
    with livecka.jax.watch(
        lambda params, x: {"x": x * 1j}, run="mlp", endpoint=ingest.endpoint, probe=inputs(), every=1, budget=None
    ) as watcher:
        ingest.wait_for(watcher.monitor)
        assert watcher.step(parameters()) and watcher.step(parameters())
    assert list(watcher.faults.values()) == [2] and len(caplog.records) == 1
    assert watcher.stats is not None and watcher.stats.dropped == 2


@pytest.mark.parametrize("wrong", [{"budget": "all"}, {"every": 0}])
def test_wrong_arguments_raise_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        livecka.jax.watch(layers, run="mlp", probe=inputs(), endpoint="tcp://127.0.0.1:9", **wrong)


def test_a_pending_array_is_described_without_waiting_for_it() -> None:
    array = jnp.ones((8, 3), jnp.bfloat16)
    source = _arrays.describe("a", array)
    assert (source.dtype, source.shape, source.array is array) == ("BF16", (8, 3), True)
    assert source.frame(copy=True).tobytes() == np.ones((8, 3), ml_dtypes.bfloat16).tobytes()


# Tap


@pytest.mark.parametrize("how", ["plain", "jit", "grad", "jit of grad", "checkpoint"])
def test_a_tap_fires_once_on_each_sampled_step(ingest: Ingest, how: str) -> None:
    opened, x, params = tap(ingest), inputs(), parameters()

    def loss(params: Any, step: Any) -> Any:
        activations = layers(params, x)
        opened(step, activations, labels=jnp.arange(20))
        return (activations["z7"] ** 2).sum()

    run = {
        "plain": loss, "jit": jax.jit(loss), "grad": jax.grad(loss), "jit of grad": jax.jit(jax.value_and_grad(loss)),
        "checkpoint": jax.jit(jax.grad(jax.checkpoint(loss))),
    }[how]
    expected = in_numpy(params, x)
    for step in range(6):
        jax.block_until_ready(run(params, jnp.int32(step)))
    listening = ingest.in_the_background()
    opened.close()
    sent = batches(listening.result())
    assert [batch["step"] for batch in sent] == [0, 2, 4] and opened.faults == {}
    for batch in sent:
        assert list(batch["arrays"]) == ["z9", "z8", "z7"] and batch["labels"] == list(range(20))
        for array, values in zip(batch["arrays"].values(), expected):
            np.testing.assert_allclose(array, values, rtol=0, atol=1e-5)


def test_a_tap_inside_scan_counts_each_micro_batch(ingest: Ingest) -> None:
    opened, params = tap(ingest), parameters()

    @jax.jit
    def step(params: Any, number: Any, parts: Any) -> Any:
        def one(total: Any, part: Any) -> Any:
            index, x = part
            activations = layers(params, x)
            opened(number, activations, batch=index, batches=3)
            return total + activations["z7"].sum(), None

        return jax.lax.scan(one, 0.0, (jnp.arange(3), parts))[0]

    parts = inputs(24).reshape(3, 8, -1)
    for number in range(3):
        step(params, number, parts).block_until_ready()
    listening = ingest.in_the_background()
    opened.close()
    numbers = [(batch["step"], batch["batch"], batch["batches"]) for batch in batches(listening.result())]
    assert numbers == [(number, index, 3) for number in (0, 2) for index in range(3)]


def test_the_result_is_the_same_to_the_last_bit_with_and_without_a_tap(ingest: Ingest) -> None:
    def trained(watching: Any) -> list[Any]:
        def loss(params: Any, x: Any, step: Any) -> Any:
            activations = layers(params, x)
            if watching is not None:
                watching(step, activations)
            return (activations["z7"] ** 2).sum()

        train = jax.jit(lambda params, x, step: [w - 0.05 * g for w, g in zip(params, jax.grad(loss)(params, x, step))])
        params = parameters()
        for step in range(5):
            params = train(params, inputs(seed=step), step)
        return [np.asarray(weights) for weights in params]

    opened = tap(ingest, every=1)
    for tapped, alone in zip(trained(opened), trained(None)):
        np.testing.assert_array_equal(tapped, alone)
    opened.close()


def test_nobody_listening_means_that_no_array_is_handed_out() -> None:
    opened = livecka.jax.Tap("tapped", "tcp://127.0.0.1:9", every=1, strict=True)
    handed_out = []
    opened._deliver = lambda *arguments: handed_out.append(arguments)  # type: ignore[method-assign]
    compiled = jax.jit(lambda x, step: (opened(step, {"a": x}), x.sum())[1])
    for step in range(3):
        compiled(inputs(), step).block_until_ready()
    opened.close()
    assert not handed_out and opened.stats is not None and opened.stats.attempted == 0


def test_a_daemon_that_comes_later_finds_a_compiled_program(ingest: Ingest) -> None:
    opened = livecka.jax.Tap("tapped", "tcp://127.0.0.1:*", bind=True, every=1, strict=True)
    compiled = jax.jit(lambda x, step: (opened(step, {"a": x}), x.sum())[1])
    compiled(inputs(), 0).block_until_ready()
    ingest.socket.connect(opened.monitor.endpoint)
    ingest.wait_for(opened.monitor)
    compiled(inputs(), 1).block_until_ready()
    assert ingest.receive("batch")[0]["step"] == 1
    opened.close()


def test_disabled_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    def jaxpr(opened: Any) -> str:
        return str(jax.make_jaxpr(lambda x, step: (opened(step, {"a": x}), x * 2)[1])(inputs(), 0))

    opened = livecka.jax.Tap("tapped", "tcp://127.0.0.1:9")
    assert "callback" in jaxpr(opened)
    opened.close()
    monkeypatch.setenv("LIVECKA_DISABLE", "1")
    assert "callback" not in jaxpr(livecka.jax.Tap("tapped")) and "cond" not in jaxpr(livecka.jax.Tap("tapped"))


@pytest.mark.parametrize("order", ["jit of vmap", "vmap of jit", "grad of vmap"])
def test_under_vmap_it_says_so_and_the_computation_goes_on(
    ingest: Ingest, caplog: pytest.LogCaptureFixture, order: str
) -> None:
    opened = tap(ingest, strict=False)

    def one(x: Any, step: Any) -> Any:
        opened(step, {"a": x})
        return x.sum()

    mapped = jax.vmap(jax.jit(one) if order == "vmap of jit" else one, in_axes=(0, None))
    if order == "grad of vmap":
        gradient = jax.jit(jax.grad(lambda x: mapped(x, jnp.int32(0)).sum()))(inputs())
        np.testing.assert_array_equal(gradient, np.ones_like(inputs()))
    else:
        np.testing.assert_allclose(jax.jit(mapped)(inputs(), 0), inputs().sum(axis=1), rtol=1e-5)
    opened.close()
    assert opened.stats is not None and opened.stats.attempted == 0
    assert opened.faults == {"tap a computation: NotImplementedError": 1} and "vmap" in caplog.text


def test_wrong_arguments_do_not_reach_the_computation(ingest: Ingest) -> None:
    opened = tap(ingest, strict=False)
    for step, activations in [(0.5, {"a": inputs()}), (0, {"": inputs()}), ("x", {"a": inputs()}), (0, {"a": object()})]:

        def compute(x: Any, step: Any = step, activations: Any = activations) -> Any:
            opened(step, {**activations, "x": x})
            return x.sum()

        jax.jit(compute)(inputs()).block_until_ready()
    opened.close()
    assert sum(opened.faults.values()) == 4 and opened.stats is not None and opened.stats.attempted == 0


SHARDED = """
import sys
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
import livecka.jax
opened = livecka.jax.Tap("sharded", sys.argv[1], every=1, strict=True)
assert opened.monitor.wait_for_subscriber("20s")
placed = NamedSharding(Mesh(np.array(jax.devices()), ("d",)), PartitionSpec("d"))
x = jax.device_put(np.arange(64, dtype=np.float32).reshape(16, 4), placed)
@jax.jit
def step(x, number):
    h = jnp.tanh(x / 100)
    opened(number, {"h": h})
    return h.sum()
for number in range(3):
    step(x, number).block_until_ready()
opened.close()
"""


def test_arrays_on_several_devices_arrive_whole(ingest: Ingest) -> None:
    listening = ingest.in_the_background()
    result = subprocess.run(
        [sys.executable, "-c", SHARDED, ingest.endpoint], capture_output=True, text=True, timeout=100, check=False,
        env={**__import__("os").environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=2"},
    )
    assert result.returncode == 0, result.stderr[-2000:]
    sent = batches(listening.result())
    assert [batch["step"] for batch in sent] == [0, 1, 2]
    for batch in sent:
        np.testing.assert_allclose(batch["arrays"]["h"], np.tanh(np.arange(64).reshape(16, 4) / 100), rtol=1e-5)


# Flax


def flax_module() -> Any:
    linen = pytest.importorskip("flax.linen", reason="Flax is not installed")

    class Block(linen.Module):  # type: ignore[misc, name-defined]
        @linen.compact
        def __call__(self, x: Any, train: bool = False) -> Any:
            inner = linen.BatchNorm(use_running_average=not train)(linen.Dense(6)(x))
            self.sow("intermediates", "inner", inner)
            return x + jnp.tanh(inner)

    class Network(linen.Module):  # type: ignore[misc, name-defined]
        @linen.compact
        def __call__(self, x: Any, train: bool = False) -> Any:
            x = linen.Dense(6, name="stem")(x)
            for index in range(11):
                x = Block(name=f"block_{index}")(x, train)
            shared = linen.Dense(6, name="shared")
            return shared(shared(x))

    module = Network()
    return module, module.init(jax.random.PRNGKey(0), inputs())


def test_flax_modules_appear_in_the_order_in_which_they_run(ingest: Ingest) -> None:
    module, variables = flax_module()
    listening = ingest.in_the_background()
    chosen = livecka.jax.intermediates(module, r"stem|shared|block_\d+", train=False)
    with livecka.jax.watch(chosen, run="flax", endpoint=ingest.endpoint, probe=inputs(8), wait="10s", strict=True) as watcher:
        watcher.step(variables)
    (batch,) = batches(listening.result())
    assert list(batch["arrays"]) == ["stem", *(f"block_{i}" for i in range(11)), "shared#1", "shared#2"]
    np.testing.assert_allclose(batch["arrays"]["shared#2"], module.apply(variables, inputs(8)), rtol=0, atol=1e-5)
    kernel, bias = variables["params"]["stem"]["kernel"], variables["params"]["stem"]["bias"]
    np.testing.assert_allclose(batch["arrays"]["stem"], inputs(8) @ kernel + bias, rtol=0, atol=1e-5)


def test_flax_parts_of_parts_and_sown_values_have_paths_as_names() -> None:
    module, variables = flax_module()
    everything = list(livecka.jax.intermediates(module)(variables, inputs()))
    assert everything[:4] == ["stem", "block_0.Dense_0", "block_0.BatchNorm_0", "block_0"] and len(everything) == 1 + 33 + 2
    chosen = livecka.jax.intermediates(module, lambda name, part: type(part).__name__ == "Block")(variables, inputs())
    assert list(chosen) == [f"block_{i}" for i in range(11)]
    sown = livecka.jax.intermediates(module, sown=True)(variables, inputs())
    assert list(sown) == [f"block_{i}.inner" for i in range(11)]
    captured = livecka.jax.intermediates(module)(variables, inputs())
    np.testing.assert_allclose(sown["block_0.inner"], captured["block_0.BatchNorm_0"])


def test_bare_parameters_will_do() -> None:
    linen = pytest.importorskip("flax.linen", reason="Flax is not installed")
    module = linen.Sequential([linen.Dense(4), jnp.tanh, linen.Dense(3)])
    params = module.init(jax.random.PRNGKey(0), inputs())["params"]
    assert list(livecka.jax.intermediates(module)(params, inputs())) == ["layers_0", "layers_2"]


def test_a_flax_module_without_parts_to_show_is_said(ingest: Ingest) -> None:
    module, variables = flax_module()
    watcher = livecka.jax.watch(
        livecka.jax.intermediates(module, "missing"), run="flax", endpoint=ingest.endpoint, probe=inputs(8), every=1
    )
    ingest.wait_for(watcher.monitor)
    watcher.step(variables)
    eventually(lambda: watcher.faults, "a fault")
    watcher.close()
