"""The iterator over published messages against an XPUB socket that plays the daemon."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
import zmq

import livecka


class Daemon:
    def __init__(self) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        self._socket.bind("tcp://127.0.0.1:*")
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def subscriptions(self, count: int) -> set[bytes]:
        found = set()
        for _ in range(count):
            assert self._socket.poll(10_000)
            found.add(self._socket.recv())
        return found

    def publish(self, topic: str, seq: int, *frames: bytes, epoch: str = "e", **header: Any) -> None:
        text = json.dumps({"v": 1, "epoch": epoch, "seq": seq, "time": 0, **header}).encode()
        self._socket.send_multipart([topic.encode(), text, *frames])

    def publish_raw(self, *frames: bytes) -> None:
        self._socket.send_multipart(frames)

    def close(self) -> None:
        self._context.destroy(linger=0)


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    daemon = Daemon()
    yield daemon
    daemon.close()


def test_prefixes_of_one_run_and_of_all(daemon: Daemon) -> None:
    with livecka.subscribe("digits", daemon.endpoint, topics=["cka", "alert", "event", "heartbeat"]):
        expected = {b"\1cka/digits/", b"\1alert/digits/", b"\1event/digits/", b"\1heartbeat/"}
        assert daemon.subscriptions(4) == expected
    with livecka.subscribe(None, daemon.endpoint):
        assert {prefix for prefix in daemon.subscriptions(7) if prefix[0] == 1} == {b"\1cka/", b"\1alert/", b"\1event/"}


def test_matrices_come_as_arrays(daemon: Daemon) -> None:
    cka, stderr = np.array([[1, np.nan], [np.nan, 1]]), np.zeros((2, 2))
    with livecka.subscribe("digits", daemon.endpoint, topics=["cka"]) as subscription:
        daemon.subscriptions(1)
        daemon.publish("cka/digits/pass/", 5, cka.tobytes(), stderr.tobytes(), run="digits", layers=["a", "b"], shape=[2, 2])
        message = next(iter(subscription))
    assert (message.kind, message.run, message.missed, message.layers) == ("cka", "digits", 0, ["a", "b"])
    np.testing.assert_array_equal(message.cka, cka)
    np.testing.assert_array_equal(message.stderr, stderr)


def test_resends_are_skipped_and_gaps_counted_for_each_topic_and_epoch(daemon: Daemon) -> None:
    with livecka.subscribe(None, daemon.endpoint, topics=["event", "alert"]) as subscription:
        daemon.subscriptions(2)
        for topic, seq, epoch in [
            ("event/a/", 0, "e"), ("event/a/", 0, "e"), ("event/a/", 3, "e"), ("event/a/", 2, "e"),
            ("event/b/", 9, "e"), ("alert/a/r/f/", 1, "e"), ("event/a/", 0, "f"), ("event/a/", 1, "f"),
        ]:
            daemon.publish(topic, seq, epoch=epoch)
        received = [(m.topic, m.header["seq"], m.missed) for m in islice(subscription, 6)]
    assert received == [
        ("event/a/", 0, 0), ("event/a/", 3, 2), ("event/b/", 9, 0), ("alert/a/r/f/", 1, 0), ("event/a/", 0, 0),
        ("event/a/", 1, 0),
    ]


def test_what_cannot_be_understood_is_counted_and_skipped(daemon: Daemon) -> None:
    with livecka.subscribe(None, daemon.endpoint) as subscription:
        daemon.subscriptions(3)
        daemon.publish_raw(b"event/a/")
        daemon.publish_raw(b"event/a/", b"no JSON")
        daemon.publish_raw(b"event/\xff/", b"{}")
        daemon.publish("cka/a/pass/", 0, b"\0" * 7, b"", shape=[1, 1])
        daemon.publish("event/a/", 0)
        message = subscription.receive("10s")
        assert message is not None and message.kind == "event"
        assert subscription.unreadable == 4
        assert subscription.receive(0) is None


def test_unknown_kinds_and_run_names_are_refused(daemon: Daemon) -> None:
    with pytest.raises(ValueError, match="no kind of topic"):
        livecka.subscribe(None, daemon.endpoint, topics=["cka/a"])
    with pytest.raises(ValueError, match="run name"):
        livecka.subscribe("a/b", daemon.endpoint)
