"""What a real daemon refuses, under which reason, and that nothing ends it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from daemon import REASONS, Daemon, Header, activations, batch_header, tensors
from waiting import eventually


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
    many = activations(0, n=4, layers=65)
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


def test_all_reasons_are_covered_here() -> None:
    elsewhere = {"duplicate", "over_budget"}
    assert {reason for reason, _ in BAD} | elsewhere == set(REASONS)
