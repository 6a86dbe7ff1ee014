"""The accounting's equation under a stream of everything that can happen to a batch, and the exact counts at its end."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import reference
from daemon import Daemon, Session, activations, tensors


@dataclass
class Truth:
    """What really happened."""

    attempted: int = 0
    unnumbered: int = 0
    outside: int = 0
    dropped: int = 0
    lost: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    accumulated: list[Any] = field(default_factory=list)

    def reject(self, reason: str) -> None:
        self.rejected[reason] = self.rejected.get(reason, 0) + 1


class Stream:
    """One session to which things happen."""

    def __init__(self, session: Session, truth: Truth, seed: int) -> None:
        self.session, self.truth = session, truth
        self.random = np.random.default_rng(seed)
        self.withheld: list[tuple[dict[str, Any], Any]] = []

    def next(self, what: str) -> None:
        """Uses the next number for something."""
        session, truth, emitter = self.session, self.truth, self.session.emitter
        batch = activations(int(self.random.integers(1 << 30)), n=8, dtype=np.float64)
        header = session.header(session.seq, batch)
        session.seq += 1
        truth.attempted += 1
        frames = tensors(batch)
        if what == "sent":
            emitter.send(header, frames)
            truth.accumulated.append(batch)
        elif what == "twice":
            emitter.send(header, frames)
            emitter.send(header, frames)
            truth.accumulated.append(batch)
            truth.reject("duplicate")
        elif what == "late":
            self.withheld.append((header, batch))
        elif what == "dropped":
            session.dropped += 1
            truth.dropped += 1
        elif what == "lost":
            truth.lost += 1
        elif what == "parts":
            for part in self.random.permutation(3).tolist():
                self.part(header, batch, part)
            truth.accumulated.append(batch)
        elif what == "a part twice":
            for part in (0, 0, 1, 2):
                self.part(header, batch, part)
            truth.accumulated.append(batch)
            truth.reject("duplicate")
        elif what == "incomplete":
            self.part(header, batch, 1)
            truth.reject("incomplete")
        elif what == "dtype":
            header["tensors"][0]["dtype"] = "I8"
            emitter.send(header, frames)
            truth.reject("dtype")
        elif what == "version":
            emitter.send({**header, "v": 3}, frames)
            truth.reject("version")
        elif what == "size":
            emitter.send(header, frames[:-1])
            truth.reject("size")
        elif what == "non_finite":
            batch["layer0"][3, 1] = np.inf
            emitter.send(header, tensors(batch))
            truth.reject("non_finite")
        elif what == "unreadable":
            emitter.raw(session.run, json.dumps(header).encode()[:-3], *frames)
            truth.reject("malformed")
            truth.outside += 1
            truth.lost += 1
        elif what == "unnumbered":
            # Beside the number, which is sent as well.
            emitter.send({key: value for key, value in header.items() if key not in ("session", "seq", "dropped")}, frames)
            emitter.send(header, frames)
            truth.accumulated += [batch, batch]
            truth.unnumbered += 1
        else:
            raise AssertionError(what)

    def part(self, header: dict[str, Any], batch: Any, part: int) -> None:
        name = f"layer{part}"
        entry = {**header["tensors"][part], "index": part}
        message = {**header, "tensors": [entry], "layers": 3, "part": part, "parts": 3}
        self.session.emitter.send(message, tensors({name: batch[name]}))

    def release(self) -> None:
        """Sends what was withheld."""
        for header, batch in self.withheld:
            self.session.emitter.send(header, tensors(batch))
            self.truth.accumulated.append(batch)
        self.withheld.clear()


HAPPENINGS = [
    "sent", "twice", "late", "dropped", "lost", "parts", "a part twice", "incomplete", "dtype", "version", "size",
    "non_finite", "unreadable", "unnumbered",
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sessions", [1, 2])
def test_the_equation_holds_at_every_moment_and_the_counts_are_exact_at_the_end(
    daemon: Daemon, seed: int, sessions: int
) -> None:
    run = f"stream-{sessions}-{seed}"
    random = np.random.default_rng(seed)
    emitter, truth = daemon.emitter(), Truth()
    streams = [Stream(emitter.session(run), truth, 100 * seed + i) for i in range(sessions)]
    for stream in streams:
        stream.next("sent")
    daemon.settled(run, accumulated=sessions)
    for _ in range(300):
        stream = streams[random.integers(sessions)]
        stream.next(HAPPENINGS[random.integers(len(HAPPENINGS))])
        if random.random() < 0.2:
            stream.release()
        if random.random() < 0.3:
            daemon.accounting(run)  # asserts the equation
    for stream in streams:
        stream.release()
        stream.next("sent")
        session = stream.session
        session.say("alive", step=session.seq, phase="train", seq=session.seq, dropped=session.dropped)
        session.say("bye", seq=session.seq, sent=session.seq - session.dropped, dropped=session.dropped, reason="finished")
    accounting = daemon.settled(run, accumulated=len(truth.accumulated), attempted=truth.attempted)
    assert accounting == {
        "attempted": truth.attempted, "unnumbered": truth.unnumbered, "outside": truth.outside,
        "accumulated": len(truth.accumulated), "rejected": truth.rejected, "dropped": truth.dropped, "lost": truth.lost,
        "pending": 0,
    }
    _, matrices = daemon.matrix(run, "total")
    expected = reference.total(map(reference.batch, truth.accumulated))
    np.testing.assert_allclose(matrices["cka"], expected.cka, rtol=0, atol=1e-9)
