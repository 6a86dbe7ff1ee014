"""What a real daemon's windows hold."""

from __future__ import annotations

import numpy as np
import pytest

import reference
from daemon import Daemon, activations, counts, send_all


@pytest.mark.parametrize("sent", [1, 15, 16, 17, 21, 40])
def test_a_sliding_window_keeps_eight_full_stretches_and_the_one_being_filled(daemon: Daemon, sent: int) -> None:
    run = f"sliding-{sent}"
    batches = [activations(seed, dtype=np.float64) for seed in range(sent)]
    send_all(daemon.emitter().session(run), batches)
    daemon.settled(run, accumulated=sent)
    header, matrices = daemon.matrix(run, "recent")
    first = max(0, sent // 2 * 2 - 16)
    expected = [reference.batch(batch) for batch in batches[first:]]
    assert counts(header) == (sent - first, 12 * (sent - first), first, sent - 1)
    np.testing.assert_allclose(matrices["cka"], reference.total(expected).cka, rtol=0, atol=1e-10)


def test_a_decay_window_halves_the_weight_and_keeps_plain_counts(daemon: Daemon) -> None:
    batches = [activations(seed, dtype=np.float64) for seed in range(11)]
    send_all(daemon.emitter().session("decay"), batches)
    daemon.settled("decay", accumulated=11)
    header, matrices = daemon.matrix("decay", "trend")
    expected = reference.total(reference.batch(batch) * 0.5 ** ((10 - i) / 4) for i, batch in enumerate(batches))
    np.testing.assert_allclose(matrices["cka"], expected.cka, rtol=0, atol=1e-10)
    np.testing.assert_allclose(matrices["hsic"], expected.hsic, rtol=1e-9, atol=1e-12)
    assert counts(header) == (11, 132, 0, 10)
    assert header["effective_batches"] < 11


def test_a_pass_holds_one_step_and_a_repeated_probe_set_is_no_new_evidence(daemon: Daemon) -> None:
    probe = [activations(seed, dtype=np.float64) for seed in range(4)]
    session = daemon.emitter().session("probe")
    for step in range(16):
        for index, batch in enumerate(probe):
            session.send(step, batch, batch=index, batches=4, probe="held-out")
    daemon.settled("probe", accumulated=64)
    sums = [reference.batch(batch) for batch in probe]
    errors = reference.standard_errors(sums)
    for window, expected in (("pass", (4, 48, 15, 15)), ("total", (64, 768, 0, 15))):
        header, matrices = daemon.matrix("probe", window)
        assert counts(header) == expected, window
        np.testing.assert_allclose(matrices["cka"], reference.total(sums).cka, rtol=0, atol=1e-10)
        np.testing.assert_allclose(matrices["stderr"], errors, rtol=1e-6, atol=1e-9)
        if window == "pass":
            assert header["complete"] is True and header["missing"] == 0


def test_a_pass_without_one_of_its_batches_is_not_complete(daemon: Daemon) -> None:
    probe = [activations(seed, dtype=np.float64) for seed in range(4)]
    session = daemon.emitter().session("incomplete-pass")
    for index in (0, 1, 3):
        session.send(0, probe[index], batch=index, batches=4, probe="held-out", seq=index)
    session.seq = 4
    session.send(1, probe[0], batch=0, batches=4, probe="held-out")  # the next step ends the pass
    daemon.settled("incomplete-pass", accumulated=4, lost=1)
    subscriber = daemon.subscriber("cka/incomplete-pass/pass/")
    header = subscriber.until(lambda _, header: header["step_last"] == 0, "the ended pass")[1]
    assert (header["complete"], header["batches"], header["missing"]) == (False, 3, 1)


def test_reset_empties_a_window(daemon: Daemon) -> None:
    session = daemon.emitter().session("reset")
    send_all(session, [activations(seed) for seed in range(3)])
    daemon.settled("reset", accumulated=3)
    daemon.ask("reset", run="reset", window="total")
    session.send(3, activations(9, dtype=np.float64))
    daemon.settled("reset", accumulated=4)
    header, matrices = daemon.matrix("reset", "total")
    assert counts(header)[0] == 1
    np.testing.assert_allclose(
        matrices["cka"], reference.batch(activations(9, dtype=np.float64)).cka, rtol=0, atol=1e-10
    )
