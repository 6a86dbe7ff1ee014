"""What a real daemon publishes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import reference
from daemon import CKA_KEYS, Daemon, activations, check_equation, counts, send_all
from waiting import eventually


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
