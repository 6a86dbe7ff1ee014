"""A real daemon's matrices against a Float64 reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import reference
from daemon import Daemon, activations, bfloat16, send_all, tensors


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 2e-5), (np.float16, 2e-5)])
def test_matrices_equal_the_reference(daemon: Daemon, dtype: Any, tolerance: float) -> None:
    run = f"numbers-{np.dtype(dtype).name}"
    batches = [activations(seed, n=n, dtype=dtype) for seed, n in enumerate((16, 9, 4, 12, 33))]
    send_all(daemon.emitter().session(run), batches)
    daemon.settled(run, accumulated=5)
    header, matrices = daemon.matrix(run, "total")
    sums = [reference.batch(batch) for batch in batches]
    expected = reference.total(sums)
    np.testing.assert_allclose(matrices["cka"], expected.cka, rtol=0, atol=tolerance)
    np.testing.assert_allclose(matrices["hsic"], expected.hsic, rtol=20 * tolerance, atol=20 * tolerance)
    errors = reference.standard_errors(reference.grouped(sums))
    np.testing.assert_allclose(matrices["stderr"], errors, rtol=0, atol=20 * tolerance)
    assert (header["batches"], header["examples"], header["step_first"], header["step_last"]) == (5, 74, 0, 4)


def test_bfloat16_is_widened_exactly(daemon: Daemon) -> None:
    batches = [{name: bfloat16(array) for name, array in activations(seed).items()} for seed in range(3)]
    send_all(daemon.emitter().session("bf16"), batches)
    daemon.settled("bf16", accumulated=3)
    _, matrices = daemon.matrix("bf16", "total")
    np.testing.assert_allclose(matrices["cka"], reference.total(map(reference.batch, batches)).cka, rtol=0, atol=2e-5)


def test_axes_after_the_first_are_flattened(daemon: Daemon) -> None:
    flat = activations(0, dtype=np.float64)
    flat["layer1"] = flat["layer1"].reshape(12, 2, 3, 1)
    session = daemon.emitter().session("axes")
    session.send(0, flat)
    daemon.settled("axes", accumulated=1)
    np.testing.assert_allclose(daemon.matrix("axes", "total")[1]["cka"], reference.batch(flat).cka, rtol=0, atol=1e-10)


def test_gram_matrices_full_and_packed_give_the_same_numbers(daemon: Daemon) -> None:
    batch = activations(0, dtype=np.float64)
    grams = {name: reference.gram(array) for name, array in batch.items()}
    session = daemon.emitter().session("grams")
    header = session.header(0, grams)
    payload = tensors(grams)
    for entry in header["tensors"]:
        entry["kind"] = "gram"
    packed = grams["layer1"][np.triu_indices(12)]
    header["tensors"][1].update({"packed": True, "shape": [len(packed)]})
    payload[1] = packed.tobytes()
    header["tensors"][2].update({"shape": list(batch["layer2"].shape)})
    del header["tensors"][2]["kind"]
    payload[2] = batch["layer2"].tobytes()
    session.emitter.send(header, payload)
    daemon.settled("grams", accumulated=1)
    np.testing.assert_allclose(daemon.matrix("grams", "total")[1]["cka"], reference.batch(batch).cka, rtol=0, atol=1e-10)


def test_a_published_value(daemon: Daemon) -> None:
    """Debiased linear CKA of two arrays from NumPy's legacy generator: 0.51346."""
    legacy = np.random.RandomState(1337)
    x = legacy.randn(100, 10)
    y = legacy.randn(100, 10) + x
    session = daemon.emitter().session("published-value")
    session.send(0, {"x": x, "y": y})
    daemon.settled("published-value", accumulated=1)
    assert daemon.matrix("published-value", "total")[1]["cka"][0, 1] == pytest.approx(0.51346, abs=5e-6)


def test_extreme_scales_neither_overflow_nor_vanish(daemon: Daemon) -> None:
    scales = [1e-15, 1, 1e15]
    batches = [
        {name: (array * scale).astype(np.float32) for (name, array), scale in zip(activations(seed).items(), scales)}
        for seed in range(3)
    ]
    send_all(daemon.emitter().session("scales"), batches)
    daemon.settled("scales", accumulated=3)
    _, matrices = daemon.matrix("scales", "total")
    np.testing.assert_allclose(matrices["cka"], reference.total(map(reference.batch, batches)).cka, rtol=0, atol=2e-5)


def test_a_large_feature_mean_changes_nothing(daemon: Daemon) -> None:
    batch = {name: (array + 100).astype(np.float32) for name, array in activations(3).items()}
    session = daemon.emitter().session("mean")
    session.send(0, batch)
    daemon.settled("mean", accumulated=1)
    np.testing.assert_allclose(daemon.matrix("mean", "total")[1]["cka"], reference.batch(batch).cka, rtol=0, atol=1e-4)


def test_a_constant_layer_is_undefined_and_never_0_or_1(daemon: Daemon) -> None:
    batch = activations(0)
    batch["layer1"][:] = 0.3
    session = daemon.emitter().session("constant")
    session.send(0, batch)
    daemon.settled("constant", accumulated=1)
    header, matrices = daemon.matrix("constant", "total")
    assert header["undefined"] == {"layer1": "constant"}
    undefined = np.zeros((3, 3), bool)
    undefined[1, :] = undefined[:, 1] = True
    assert (np.isnan(matrices["cka"]) == undefined).all()
