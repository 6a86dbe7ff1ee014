"""What a real daemon makes of emitters: raw ZeroMQ in, numbers and counts out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import zmq

import reference
from daemon import Daemon, activations, batch_header, send_all, tensors

EXAMPLES = Path(__file__).parents[1] / "examples"


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
