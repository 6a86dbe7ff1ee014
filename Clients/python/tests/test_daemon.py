"""A real daemon from outside, against its contract: raw ZeroMQ in, raw ZeroMQ out.

Set LIVECKA_EXECUTABLE to a built `livecka`; without it these tests are skipped.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reference
import zmq
from conftest import eventually
from daemon import REASONS, Daemon, Header, Session, activations, batch_header, bfloat16, check_equation, tensors

EXECUTABLE = os.environ.get("LIVECKA_EXECUTABLE", "")
pytestmark = pytest.mark.skipif(not EXECUTABLE, reason="LIVECKA_EXECUTABLE names no daemon to test")
EXAMPLES = Path(__file__).parents[1] / "examples"
WINDOWS = [
    {"name": "pass", "kind": "pass"},
    {"name": "recent", "kind": "sliding", "batches": 16},
    {"name": "trend", "kind": "decay", "half_life": 4},
    {"name": "total", "kind": "total"},
]
CKA_KEYS = {
    "v", "epoch", "seq", "time", "run", "window", "kind", "generation", "step_first", "step_last", "batches", "examples",
    "missing", "effective_batches", "accounting", "complete", "layers", "estimator", "weighting", "undefined",
    "largest_batch_share", "dtype", "shape",
}


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """One daemon for the tests that need no settings of their own; each uses runs of its own."""
    daemon = Daemon(EXECUTABLE, windows=WINDOWS, limits={"assembly": "1s", "layers": 16, "examples": 128})
    yield daemon
    assert daemon.stop() == 0


@pytest.fixture
def start() -> Iterator[Callable[..., Daemon]]:
    """Starts daemons with settings of their own."""
    started: list[Daemon] = []

    def start_one(**settings: Any) -> Daemon:
        started.append(Daemon(EXECUTABLE, **{"windows": WINDOWS, **settings}))
        return started[-1]

    yield start_one
    for daemon in started:
        daemon.stop()


def send_all(session: Session, batches: list[Any], **keys: Any) -> None:
    for step, batch in enumerate(batches):
        session.send(step, batch, **keys)


# Numbers


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


# Windows


def counts(header: Header) -> tuple[int, ...]:
    return tuple(header[key] for key in ("batches", "examples", "step_first", "step_last"))


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


# Emitters


def test_the_six_line_emitter(daemon: Daemon) -> None:
    program = f"import six_lines; six_lines.main({daemon.ingest!r}, 5)"
    subprocess.run([sys.executable, "-c", program], cwd=EXAMPLES, check=True, timeout=30)
    accounting = daemon.settled("six-lines", unnumbered=5)
    assert (accounting["attempted"], accounting["accumulated"]) == (0, 5)
    random = np.random.default_rng(0)
    examples = random.standard_normal((64, 16), np.float32)
    expected = reference.total(
        reference.batch([examples @ random.standard_normal((16, 32), np.float32) for _ in range(4)]) for _ in range(5)
    )
    header, matrices = daemon.matrix("six-lines", "total")
    assert header["layers"] == [f"layer{i}" for i in range(4)]
    np.testing.assert_allclose(matrices["cka"], expected.cka, rtol=0, atol=2e-5)


def test_a_batch_in_parts_is_one_batch_in_any_order(daemon: Daemon) -> None:
    batches = [activations(seed, layers=5, dtype=np.float64) for seed in range(2)]
    session = daemon.emitter().session("parts")
    for step, batch in enumerate(batches):
        for part, names in ((2, ["layer4"]), (0, ["layer0", "layer1"]), (1, ["layer2", "layer3"])):
            piece = {name: batch[name] for name in names}
            header = session.header(step, piece, layers=5, part=part, parts=3)
            for entry in header["tensors"]:
                entry["index"] = int(entry["layer"][-1])
            session.emitter.send(header, tensors(piece))
        session.seq += 1
    accounting = daemon.settled("parts", accumulated=2)
    assert accounting["attempted"] == 2
    header, matrices = daemon.matrix("parts", "total")
    assert header["layers"] == [f"layer{i}" for i in range(5)]
    np.testing.assert_allclose(matrices["cka"], reference.total(map(reference.batch, batches)).cka, rtol=0, atol=1e-10)


def test_index_places_the_layers(daemon: Daemon) -> None:
    batch = activations(0, dtype=np.float64)
    session = daemon.emitter().session("index")
    header = session.header(0, batch)
    for entry, index in zip(header["tensors"], (2, 0, 1)):
        entry["index"] = index
    session.emitter.send(header, tensors(batch))
    daemon.settled("index", accumulated=1)
    assert daemon.ask("run", run="index")["layers"] == ["layer1", "layer2", "layer0"]


def test_two_runs_at_once_do_not_mix(daemon: Daemon) -> None:
    emitter = daemon.emitter()
    sessions = [emitter.session("one"), emitter.session("two")]
    for step in range(6):
        for offset, session in enumerate(sessions):
            session.send(step, activations(step + 100 * offset, dtype=np.float64))
    for offset, session in enumerate(sessions):
        daemon.settled(session.run, accumulated=6)
        expected = reference.total(
            reference.batch(activations(step + 100 * offset, dtype=np.float64)) for step in range(6)
        )
        np.testing.assert_allclose(daemon.matrix(session.run, "total")[1]["cka"], expected.cka, rtol=0, atol=1e-10)


def test_unknown_keys_are_ignored(daemon: Daemon) -> None:
    daemon.emitter().session("unknown-keys").send(0, activations(0), colour="green", nested={"a": [1, {}]})
    daemon.settled("unknown-keys", accumulated=1)


def test_duplicates_are_counted_and_change_nothing(daemon: Daemon) -> None:
    batches = [activations(seed, dtype=np.float64) for seed in range(4)]
    session = daemon.emitter().session("duplicates")
    for step, batch in enumerate(batches):
        header = session.send(step, batch)
        session.emitter.send(header, tensors(batch))
    accounting = daemon.settled("duplicates", accumulated=4)
    assert accounting["rejected"] == {"duplicate": 4} and accounting["attempted"] == 4
    expected = reference.total(map(reference.batch, batches)).cka
    np.testing.assert_allclose(daemon.matrix("duplicates", "total")[1]["cka"], expected, rtol=0, atol=1e-10)


def test_gaps_are_lost_until_they_arrive_and_dropped_where_the_emitter_says_so(daemon: Daemon) -> None:
    session = daemon.emitter().session("gaps")
    for seq in (0, 1, 4):
        session.send(seq, activations(seq), seq=seq)
    accounting = daemon.settled("gaps", accumulated=3)
    assert (accounting["attempted"], accounting["lost"], accounting["dropped"]) == (5, 2, 0)
    session.send(2, activations(2), seq=2)
    accounting = daemon.settled("gaps", accumulated=4)
    assert (accounting["attempted"], accounting["lost"]) == (5, 1)
    session.send(7, activations(7), seq=7, dropped=2)
    accounting = daemon.settled("gaps", accumulated=5)
    assert (accounting["attempted"], accounting["lost"], accounting["dropped"]) == (8, 1, 2)
    session.say("alive", step=9, phase="train", seq=10, dropped=2)
    accounting = daemon.settled("gaps", attempted=10)
    assert (accounting["lost"], accounting["dropped"]) == (3, 2)
    session.say("bye", seq=10, sent=6, dropped=4, reason="finished")
    accounting = daemon.settled("gaps", dropped=4)
    assert (accounting["attempted"], accounting["lost"]) == (10, 1)


def test_a_session_counts_from_the_first_number_heard(daemon: Daemon) -> None:
    session = daemon.emitter().session("late-start")
    session.send(100, activations(0), seq=100, dropped=7)
    accounting = daemon.settled("late-start", accumulated=1)
    assert (accounting["attempted"], accounting["dropped"], accounting["lost"]) == (1, 0, 0)
    session.send(103, activations(1), seq=103, dropped=8)
    accounting = daemon.settled("late-start", accumulated=2)
    assert (accounting["attempted"], accounting["dropped"], accounting["lost"]) == (4, 1, 1)


def test_other_layers_begin_a_new_generation_with_empty_windows(daemon: Daemon) -> None:
    subscriber = daemon.subscriber("event/generations/")
    session = daemon.emitter().session("generations")
    send_all(session, [activations(seed) for seed in range(3)])
    daemon.settled("generations", accumulated=3)
    before, _ = daemon.matrix("generations", "total")
    other = {f"other{i}": array for i, array in enumerate(activations(7, layers=4, dtype=np.float64).values())}
    session.send(3, other)
    daemon.settled("generations", accumulated=4)
    after, matrices = daemon.matrix("generations", "total")
    assert after["generation"] == before["generation"] + 1
    assert (before["batches"], after["batches"]) == (3, 1)
    assert after["layers"] == list(other)
    np.testing.assert_allclose(matrices["cka"], reference.batch(other).cka, rtol=0, atol=1e-10)
    event = subscriber.until(lambda _, header: header["event"] == "generation", "the event")[1]
    assert event["run"] == "generations" and "detail" in event


# Attaching


def test_attach_and_detach_at_run_time(daemon: Daemon) -> None:
    subscriber = daemon.subscriber("event/")
    emitter = daemon.emitter(bind=True)
    assert not emitter.socket.poll(100)
    daemon.ask("attach", endpoint=emitter.endpoint)
    assert emitter.subscription()[:1] == b"\x01"
    session = emitter.session("attached")
    send_all(session, [activations(seed) for seed in range(3)])
    daemon.settled("attached", accumulated=3)
    assert emitter.endpoint in json.dumps(daemon.ask("status")["endpoints"])

    daemon.ask("detach", endpoint=emitter.endpoint)
    assert emitter.subscription()[:1] == b"\x00"
    session.seq += 5
    assert daemon.accounting("attached")["attempted"] == 3
    assert emitter.endpoint not in json.dumps(daemon.ask("status")["endpoints"])

    daemon.ask("attach", endpoint=emitter.endpoint, run="attached")
    assert emitter.subscription() == b"\x01livecka/1/attached/"
    session.send(9, activations(9))
    accounting = daemon.settled("attached", accumulated=4)
    assert (accounting["attempted"], accounting["lost"]) == (4, 0)  # counts anew, without the numbers in between
    daemon.ask("detach", endpoint=emitter.endpoint)
    subscriber.until(lambda _, header: header["event"] == "attached", "the event of attaching")
    subscriber.until(lambda _, header: header["event"] == "detached", "the event of detaching")


def test_an_endpoint_from_the_settings_is_attached_at_start(start: Callable[..., Daemon]) -> None:
    with zmq.Context() as context, context.socket(zmq.XPUB) as emitter:
        emitter.setsockopt(zmq.LINGER, 0)
        emitter.bind("tcp://127.0.0.1:*")
        endpoint = emitter.getsockopt_string(zmq.LAST_ENDPOINT)
        daemon = start(ingest={"bind": [], "connect": [endpoint]})
        assert emitter.poll(10_000)
        batch = activations(0)
        header = {**batch_header("from-settings", 0, batch)}
        emitter.send_multipart([b"livecka/1/from-settings/", json.dumps(header).encode(), *tensors(batch)])
        daemon.settled("from-settings", unnumbered=1)


def test_impossible_endpoints_are_refused(daemon: Daemon) -> None:
    daemon.refusal("attach", endpoint="nonsense")
    daemon.refusal("attach")
    daemon.refusal("detach", endpoint="tcp://127.0.0.1:1")


# Rejections


def two_parts(header: Header) -> Header:
    return {**header, "layers": 6, "part": 0, "parts": 2}


def changed(**keys: Any) -> Callable[[Header, list[bytes]], Any]:
    return lambda header, frames: ({**header, **keys}, frames)


def entry(position: int, **keys: Any) -> Callable[[Header, list[bytes]], Any]:
    def change(header: Header, frames: list[bytes]) -> Any:
        header["tensors"][position].update(keys)
        return header, frames

    return change


def without(key: str) -> Callable[[Header, list[bytes]], Any]:
    return lambda header, frames: ({k: v for k, v in header.items() if k != key}, frames)


def not_finite(header: Header, frames: list[bytes]) -> Any:
    values = np.frombuffer(frames[1], np.float32).copy()
    values[7] = np.nan
    return header, [frames[0], values.tobytes(), *frames[2:]]


def three_examples(header: Header, frames: list[bytes]) -> Any:
    few = {name: array[:3] for name, array in activations(0).items()}
    return {**header, "tensors": batch_header("", 0, few)["tensors"]}, tensors(few)


def many_examples(header: Header, frames: list[bytes]) -> Any:
    many = activations(0, n=129)
    return {**header, "tensors": batch_header("", 0, many)["tensors"]}, tensors(many)


def many_layers(header: Header, frames: list[bytes]) -> Any:
    many = activations(0, layers=17)
    return {**header, "tensors": batch_header("", 0, many)["tensors"]}, tensors(many)


BAD = [
    ("malformed", without("step")),
    ("malformed", without("tensors")),
    ("malformed", without("type")),
    ("malformed", changed(step="7")),
    ("malformed", changed(step=-1)),
    ("malformed", changed(step=1.5)),
    ("malformed", changed(step=2**53 + 2)),
    ("malformed", changed(type="feast")),
    ("malformed", changed(tensors=[])),
    ("malformed", changed(tensors={})),
    ("malformed", changed(labels=[1, 2, 3])),
    ("malformed", changed(examples=[None] * 12)),
    ("malformed", entry(0, layer="")),
    ("malformed", entry(0, layer="a\nb")),
    ("malformed", entry(0, layer="x" * 257)),
    ("malformed", entry(1, layer="layer0")),
    ("version", changed(v=2)),
    ("version", changed(v=0)),
    ("inconsistent", changed(run="another")),
    ("inconsistent", entry(0, shape=[11, 5])),
    ("too_large", many_examples),
    ("too_large", many_layers),
    ("dtype", entry(0, dtype="I8")),
    ("shape", entry(0, shape=[12, 0])),
    ("shape", entry(0, shape=[12, -5])),
    ("shape", entry(0, shape=[12, 2**40, 2**40])),
    ("size", lambda header, frames: (header, frames[:2])),
    ("size", lambda header, frames: (header, [*frames, b""])),
    ("size", lambda header, frames: (header, [frames[0][:-1], *frames[1:]])),
    ("too_few_examples", three_examples),
    ("non_finite", not_finite),
    ("incomplete", lambda header, frames: (two_parts(header), frames)),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_what_does_not_fit_is_counted_once_under_the_first_reason(daemon: Daemon, number: int) -> None:
    reason, spoil = BAD[number]
    run = f"bad-{number}-{reason}"
    session = daemon.emitter().session(run)
    session.send(0, activations(0))
    header, frames = spoil(session.header(1, activations(1)), tensors(activations(1)))
    session.emitter.raw(run, json.dumps(header).encode(), *frames)
    session.seq += 1
    session.send(2, activations(2))
    accounting = daemon.settled(run, accumulated=2)
    assert accounting["rejected"] == {reason: 1}
    assert (accounting["attempted"], accounting["outside"], accounting["lost"]) == (3, 0, 0)


def test_a_header_over_its_limit_is_too_large_whether_or_not_its_number_is_read(daemon: Daemon) -> None:
    session = daemon.emitter().session("long-header")
    session.send(0, activations(0))
    session.send(1, activations(1), filler="x" * (1 << 20))
    session.send(2, activations(2))
    accounting = daemon.settled("long-header", accumulated=2)
    assert (accounting["attempted"], accounting["rejected"]) == (3, {"too_large": 1})
    assert accounting["outside"] == accounting["lost"]


@pytest.mark.parametrize(
    "text", [b"", b"no JSON", b"[]", b"{", b'{"v":1}', b"\xff\xfe", b"[" * 100_000, b'{"v":1,"session":"x","seq":1}']
)
def test_what_cannot_be_read_is_outside_and_creates_no_run(daemon: Daemon, text: bytes) -> None:
    run = f"unreadable-{abs(hash(text))}"
    emitter = daemon.emitter()
    emitter.raw(f"never-{run}", text)
    session = emitter.session(run)
    session.send(0, activations(0))
    emitter.raw(run, text)
    session.send(1, activations(1))
    accounting = daemon.settled(run, accumulated=2)
    assert accounting["rejected"] == {"malformed": 1}
    assert (accounting["attempted"], accounting["outside"]) == (2, 1)
    assert f"never-{run}" not in daemon.runs()


def test_a_missing_header_and_foreign_topics_do_no_harm(daemon: Daemon) -> None:
    emitter = daemon.emitter()
    before = set(daemon.runs())
    emitter.raw("frameless")
    for topic in (b"livecka/1/", b"livecka/1//", b"livecka/1/a/b/", b"livecka/1/.hidden/", b"livecka/1/\xff/"):
        emitter.socket.send_multipart([topic, json.dumps(batch_header("a", 0, activations(0))).encode()])
    emitter.session("after-rubbish").send(0, activations(0))
    daemon.settled("after-rubbish", accumulated=1)
    assert set(daemon.runs()) - before == {"after-rubbish"}


def test_two_sessions_with_other_layers_at_one_time_are_inconsistent(daemon: Daemon) -> None:
    emitter = daemon.emitter()
    first, second = emitter.session("disagree"), emitter.session("disagree")
    first.send(0, activations(0))
    second.send(0, activations(0, layers=4))
    first.send(1, activations(1))
    accounting = daemon.settled("disagree", attempted=3)
    assert (accounting["accumulated"], accounting["rejected"]) == (2, {"inconsistent": 1})


def test_batches_for_which_no_memory_is_left_are_over_budget(start: Callable[..., Daemon]) -> None:
    """Parts that wait for the rest of their batch hold a Gram matrix of 4096 × 4096 each."""
    daemon = start(limits={"memory": "64MiB", "message": "64MiB", "assembly": "1s"})
    session = daemon.emitter().session("hungry")
    session.send(0, activations(0))
    daemon.settled("hungry", accumulated=1)
    wide = {"layer0": np.random.default_rng(0).standard_normal((4096, 1))}
    for _ in range(6):
        session.send(1, wide, layers=3, part=0, parts=2)
        memory = daemon.ask("status")["memory"]
        assert memory["limit"] == 64 << 20 and 0 <= memory["used"] <= memory["limit"]
    session.send(2, activations(2))
    rejected = daemon.settled("hungry", attempted=8)["rejected"]
    assert rejected["over_budget"] >= 1 and rejected["over_budget"] + rejected.get("incomplete", 0) in (6, 7)
    session.send(3, activations(3))
    eventually(lambda: daemon.accounting("hungry")["accumulated"] >= 2, "a batch taken in again")


def test_a_frame_beyond_the_limit_cuts_the_connection_and_nothing_else(start: Callable[..., Daemon]) -> None:
    daemon = start(limits={"message": "2MiB"})
    emitter = daemon.emitter()
    session = emitter.session("oversize")
    session.send(0, activations(0))
    daemon.settled("oversize", accumulated=1)
    disconnects = daemon.ask("status")["disconnects"]
    emitter.raw("oversize", b"{}", bytes(3 << 20))
    eventually(lambda: daemon.ask("status")["disconnects"] > disconnects, "a counted disconnect")
    emitter.subscription()  # libzmq connects again
    session.send(1, activations(1))
    daemon.settled("oversize", accumulated=2)


def test_noise_on_the_sockets_does_not_end_the_daemon(daemon: Daemon) -> None:
    random = np.random.default_rng(0)
    for endpoint in (daemon.ingest, daemon.publish):
        host, port = endpoint.removeprefix("tcp://").split(":")
        for _ in range(5):
            with socket.create_connection((host, int(port))) as peer:
                peer.sendall(random.bytes(4096))
    subscriber = daemon.subscriber("heartbeat/")
    subscriber.receive()
    daemon.emitter().session("after-noise").send(0, activations(0))
    daemon.settled("after-noise", accumulated=1)


# What is published


def test_a_matrix_is_published_with_all_of_its_header(daemon: Daemon) -> None:
    subscriber = daemon.subscriber("cka/published/total/")
    batch = activations(0, dtype=np.float64)
    daemon.emitter().session("published").send(5, batch)
    topic, header, frames = subscriber.receive()
    assert topic == "cka/published/total/"
    assert set(header) >= CKA_KEYS
    assert {key: header[key] for key in ("v", "run", "window", "kind", "layers", "estimator", "weighting", "dtype")} == {
        "v": 1, "run": "published", "window": "total", "kind": "total", "layers": list(batch), "estimator": "hsic1",
        "weighting": "n(n-3)", "dtype": "F64",
    }
    assert counts(header) == (1, 12, 5, 5) and header["shape"] == [3, 3] and header["missing"] == 0
    assert header["undefined"] == {} and len(header["largest_batch_share"]) == 3
    check_equation(header["accounting"])
    cka, stderr = (np.frombuffer(frame, "<f8").reshape(3, 3) for frame in frames)
    np.testing.assert_allclose(cka, reference.batch(batch).cka, rtol=0, atol=1e-10)
    assert np.isnan(stderr).all()  # a single group


def test_late_subscribers_get_the_last_matrix_and_others_recognise_the_resend(daemon: Daemon) -> None:
    session = daemon.emitter().session("late")
    send_all(session, [activations(seed) for seed in range(3)])
    daemon.settled("late", accumulated=3)
    first = daemon.subscriber("cka/late/total/")
    latest = first.until(lambda _, header: header["batches"] == 3, "the last matrix")
    second = daemon.subscriber("cka/late/")
    seen = {}
    while not set(seen) >= {f"cka/late/{window}/" for window in ("recent", "trend", "total")}:
        topic, header, frames = second.receive()
        seen[topic] = (header, frames)
    header, frames = seen["cka/late/total/"]
    assert (header["epoch"], header["seq"]) == (latest[1]["epoch"], latest[1]["seq"])
    assert frames == latest[2]


def test_numbers_of_a_topic_grow_by_one_and_the_last_change_always_comes(daemon: Daemon) -> None:
    subscriber = daemon.subscriber("cka/throttled/total/")
    session = daemon.emitter().session("throttled")
    send_all(session, [activations(seed) for seed in range(50)])
    numbers = {}
    while True:
        _, header, _ = subscriber.receive()
        numbers[header["seq"]] = header["batches"]
        if header["batches"] == 50:
            break
    ordered = sorted(numbers)
    assert ordered == list(range(ordered[0], ordered[0] + len(ordered)))
    assert [numbers[seq] for seq in ordered] == sorted(numbers.values())


def test_every_ended_pass_is_published(daemon: Daemon) -> None:
    subscriber = daemon.subscriber("cka/passes/pass/")
    session = daemon.emitter().session("passes")
    for step in range(20):
        for index in range(2):
            session.send(step, activations(step + index), batch=index, batches=2, probe="p")
    steps = []
    while len(set(steps)) < 20:
        _, header, _ = subscriber.receive()
        steps.append(header["step_last"])
        assert header["complete"] is True
    assert sorted(set(steps)) == list(range(20))


def test_heartbeats(daemon: Daemon) -> None:
    subscriber = daemon.subscriber("heartbeat/")
    topic, first, frames = subscriber.receive()
    second = subscriber.until(lambda _, header: header["seq"] > first["seq"], "the next heartbeat")[1]
    assert topic == "heartbeat/" and frames == []
    assert {"v", "epoch", "seq", "time"} <= set(first)
    assert second["seq"] == first["seq"] + 1 and 0.5 < second["time"] - first["time"] < 5


def test_a_run_lives_from_hello_to_bye(daemon: Daemon) -> None:
    subscriber = daemon.subscriber("event/life/")
    session = daemon.emitter().session("life")
    session.say("hello", layers=["layer0", "layer1", "layer2"], meta={"model": "mlp"}, client="raw/1", heartbeat=5)
    session.send(0, activations(0))
    session.say("alive", step=3, phase="train", seq=1, dropped=0)
    eventually(lambda: "life" in daemon.runs() and daemon.runs()["life"]["step"] in (0, 3), "the run")
    assert daemon.runs()["life"]["state"] == "live"
    session.say("bye", seq=1, sent=1, dropped=0, reason="finished")
    eventually(lambda: daemon.runs()["life"]["state"] == "ended", "its end")
    events = []
    while "bye" not in events:
        _, header, _ = subscriber.receive()
        assert {"v", "epoch", "seq", "time", "event", "run", "detail"} <= set(header)
        events.append(header["event"])
    assert "hello" in events


def test_a_silent_run_becomes_stale_and_recovers(start: Callable[..., Daemon]) -> None:
    daemon = start(stale_after="1s")
    subscriber = daemon.subscriber("event/silent/")
    session = daemon.emitter().session("silent")
    session.send(0, activations(0))
    eventually(lambda: "silent" in daemon.runs() and daemon.runs()["silent"]["state"] == "stale", "staleness")
    session.send(1, activations(1))
    eventually(lambda: daemon.runs()["silent"]["state"] == "live", "recovery")
    events = []
    while "recovered" not in events:
        events.append(subscriber.receive()[1]["event"])
    assert "stale" in events


# Control


def test_status_runs_and_run_have_their_keys(daemon: Daemon) -> None:
    session = daemon.emitter().session("keys")
    session.send(4, activations(0))
    daemon.settled("keys", accumulated=1)
    status = daemon.ask("status")
    assert {"version", "epoch", "uptime", "endpoints", "memory", "runs", "disconnects", "degraded"} <= set(status)
    assert {"used", "limit"} <= set(status["memory"])
    keys = {"run", "state", "step", "generation", "layers", "batches", "windows", "accounting"}
    listed, one = daemon.runs()["keys"], daemon.ask("run", run="keys")
    assert keys <= set(listed) and keys | {"sessions"} <= set(one)
    assert (listed["state"], listed["step"], listed["layers"], listed["batches"]) == ("live", 4, 3, 1)
    assert one["layers"] == ["layer0", "layer1", "layer2"]
    assert len(one["sessions"]) == 1 and session.id in json.dumps(one["sessions"])
    for window in WINDOWS:
        assert window["name"] in json.dumps(listed["windows"])
    check_equation(listed["accounting"])


def test_a_snapshot_has_the_published_header(daemon: Daemon) -> None:
    daemon.emitter().session("snapshot-keys").send(0, activations(0))
    daemon.settled("snapshot-keys", accumulated=1)
    header, frames = daemon.ask_with_frames("snapshot", run="snapshot-keys", window="total")
    assert set(header) >= CKA_KEYS - {"v", "epoch", "seq", "time"}
    assert [len(frame) for frame in frames[:3]] == [72, 72, 72]
    assert daemon.ask("snapshot", run="snapshot-keys")["run"] == "snapshot-keys"  # a window by default


def test_refusals_name_a_code(daemon: Daemon) -> None:
    for command in ("run", "snapshot", "forget", "reset"):
        assert daemon.refusal(command, run="nobody")["code"] == "unknown_run", command
    daemon.emitter().session("windows").send(0, activations(0))
    daemon.settled("windows", accumulated=1)
    assert daemon.refusal("snapshot", run="windows", window="nowhere")["code"]
    assert daemon.refusal("dance")["code"]
    assert daemon.refusal("run")["code"]
    assert daemon.refusal("run", run=7)["code"]


@pytest.mark.parametrize("request_", [b"no JSON", b"[]", b"{}", b'{"v":2,"id":"a","command":"status"}', b"\xff"])
def test_requests_that_make_no_sense_are_answered(daemon: Daemon, request_: bytes) -> None:
    reply, _ = daemon.reply(request_)
    assert reply["ok"] is False and reply["error"]["code"] and reply["error"]["message"]


def test_a_req_socket_is_answered_with_its_delimiter(daemon: Daemon) -> None:
    socket_ = daemon.socket(zmq.REQ, connect=daemon.control_endpoint)
    socket_.send(b'{"v":1,"id":"a","command":"status"}')
    assert socket_.poll(10_000)
    assert json.loads(socket_.recv())["ok"] is True


def test_forget_drops_a_run(daemon: Daemon) -> None:
    session = daemon.emitter().session("forgettable")
    session.send(0, activations(0))
    daemon.settled("forgettable", accumulated=1)
    session.say("bye", seq=1, sent=1, dropped=0, reason="finished")
    daemon.ask("forget", run="forgettable")
    assert "forgettable" not in daemon.runs()


def test_the_control_socket_is_the_users_own(daemon: Daemon) -> None:
    path = daemon.directory / "control" / "control.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_second_daemon_on_the_same_sockets_is_refused_with_a_sentence(daemon: Daemon) -> None:
    second = subprocess.run(
        [daemon.executable, "serve", "--config", str(daemon.directory / "livecka.yaml")], capture_output=True, text=True,
        timeout=30, check=False,
    )
    assert second.returncode != 0 and second.stderr.strip()
    daemon.ask("status")


# The command line


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
    [("ingesst: {}", "ingesst"), ("stale_after: 7", "stale_after"), ("windows: [{name: a, kind: sliding, batches: 7}]", "batches")],
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


def test_all_reasons_are_covered_here() -> None:
    elsewhere = {"duplicate", "over_budget"}
    assert {reason for reason, _ in BAD} | elsewhere == set(REASONS)
