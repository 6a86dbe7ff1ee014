"""What the emitter says on the wire, and what it costs the training loop."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import textwrap
import threading
import time
import uuid
from pathlib import Path
from typing import Any, Optional

import ml_dtypes
import numpy as np
import pytest
import zmq

import livecka
from conftest import Ingest, Listen, layers
from livecka import Monitor, _messages
from livecka._arrays import TensorSource
from waiting import eventually

SOURCE = Path(__file__).parents[1] / "src"


def watched(ingest: Ingest, run: str = "run", **arguments: Any) -> Monitor:
    """A strict monitor that somebody listens to."""
    monitor = Monitor(run, ingest.endpoint, **{"strict": True, **arguments})
    ingest.wait_for(monitor)
    return monitor


def settled(monitor: Monitor) -> Optional[livecka.Statistics]:
    """The counters, once no batch is on its way to the socket: a listener may have it before the thread has counted it."""
    stats = monitor.stats
    return stats if stats.queued == 0 else None


# What is on the wire


def test_a_batch_is_its_header_and_its_tensors(ingest: Ingest) -> None:
    activations = layers()
    with watched(ingest, rank=1, world=2) as monitor:
        assert monitor.send(
            7, activations, batch=1, batches=4, probe="held-out", examples=np.arange(8), labels=[1] * 8,
            predictions=np.ones(8, np.int32), phase="eval",
        )
        header, tensors = ingest.receive("batch")
    assert abs(header.pop("time") - time.time()) < 60
    assert header == {
        "v": 1, "type": "batch", "run": "run", "session": monitor.session, "seq": 0, "step": 7, "dropped": 0,
        "batch": 1, "batches": 4, "probe": "held-out", "phase": "eval", "rank": 1, "world": 2,
        "examples": list(range(8)), "labels": [1] * 8, "predictions": [1] * 8,
        "tensors": [{"layer": f"layer{i}", "dtype": "F32", "shape": [8, 4 + i]} for i in range(3)],
    }
    assert uuid.UUID(header["session"]).version == 4
    for (name, array), frame in zip(activations.items(), tensors):
        assert np.array_equal(np.frombuffer(frame, "<f4").reshape(array.shape), array), name


def test_numbers_grow_by_one(ingest: Ingest) -> None:
    with watched(ingest) as monitor:
        for step in range(5):
            assert monitor.send(step, layers(step))
        assert [ingest.receive("batch")[0]["seq"] for _ in range(5)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("array", "dtype", "expected"),
    [
        (np.linspace(0, 1, 12, dtype=np.float16), "F16", "<f2"),
        (np.linspace(0, 1, 12, dtype=np.float32), "F32", "<f4"),
        (np.linspace(0, 1, 12, dtype=np.float64), "F64", "<f8"),
        (np.linspace(0, 1, 12).astype(">f8"), "F64", "<f8"),
        (np.arange(12), "F32", "<f4"),
        (np.arange(12, dtype=np.uint8), "F32", "<f4"),
        (np.arange(12) % 2 == 0, "F32", "<f4"),
        (np.linspace(0, 1, 12, dtype=np.longdouble), "F64", "<f8"),
    ],
)
def test_element_types(ingest: Ingest, array: Any, dtype: str, expected: str) -> None:
    with watched(ingest) as monitor:
        monitor.send(0, {"x": array.reshape(4, 3)})
        header, (frame,) = ingest.receive("batch")
    assert header["tensors"] == [{"layer": "x", "dtype": dtype, "shape": [4, 3]}]
    assert np.array_equal(np.frombuffer(frame, expected), array.astype(expected))


def test_bfloat16_travels_as_its_bits(ingest: Ingest) -> None:
    torch = pytest.importorskip("torch")
    values = np.linspace(-3, 3, 20, dtype=np.float32).reshape(5, 4)
    bits = values.astype(ml_dtypes.bfloat16).view(np.uint16)
    with watched(ingest) as monitor:
        monitor.send(0, {"numpy": values.astype(ml_dtypes.bfloat16), "torch": torch.tensor(values).bfloat16()})
        header, frames = ingest.receive("batch")
    assert [entry["dtype"] for entry in header["tensors"]] == ["BF16", "BF16"]
    for frame in frames:
        assert np.array_equal(np.frombuffer(frame, "<u2").reshape(5, 4), bits)


def test_torch_tensors_of_any_layout_arrive_row_major(ingest: Ingest) -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.arange(24, dtype=torch.float32).reshape(4, 6).requires_grad_()
    sources = {"plain": tensor, "strided": tensor.T[1:6:2].T, "ints": torch.arange(8).reshape(4, 2)}
    with watched(ingest) as monitor:
        monitor.send(0, sources)
        header, frames = ingest.receive("batch")
    for entry, frame in zip(header["tensors"], frames):
        sent = np.frombuffer(frame, "<f4").reshape(entry["shape"])
        assert np.array_equal(sent, sources[entry["layer"]].detach().float().numpy())


def test_arrays_of_any_layout_arrive_row_major(ingest: Ingest) -> None:
    base = np.arange(48, dtype=np.float64).reshape(6, 8)
    sources = {"transposed": base.T, "every_other": base[::2, ::-1], "vector": base[:, 0]}
    with watched(ingest) as monitor:
        for name, source in sources.items():
            monitor.send(0, {name: source})
            header, (frame,) = ingest.receive("batch")
            shape = source.shape if source.ndim > 1 else (len(source), 1)
            assert header["tensors"][0]["shape"] == list(shape)
            assert np.array_equal(np.frombuffer(frame, "<f8").reshape(shape), source.reshape(shape))


def test_gram_matrices_full_and_packed(ingest: Ingest) -> None:
    gram = np.eye(5, dtype=np.float32)
    with watched(ingest) as monitor:
        monitor.send(0, {"full": gram, "packed": gram[np.triu_indices(5)]}, kind="gram")
        header, _ = ingest.receive("batch")
    assert header["tensors"] == [
        {"layer": "full", "dtype": "F32", "shape": [5, 5], "kind": "gram"},
        {"layer": "packed", "dtype": "F32", "shape": [15], "kind": "gram", "packed": True},
    ]


def test_arrays_may_change_after_send(ingest: Ingest) -> None:
    array = np.zeros((512, 1024), np.float32)
    with watched(ingest) as monitor:
        for step in range(5):
            array[:] = step
            assert monitor.send(step, {"x": array})
        array[:] = -1
        for step in range(5):
            _, (frame,) = ingest.receive("batch")
            assert (np.frombuffer(frame, "<f4") == step).all()


def test_large_batches_come_in_parts_by_layers(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_messages, "MESSAGE_LIMIT", _messages.HEADER_LIMIT + 300)
    activations = {f"l{i}": np.full((8, 4), i, np.float32) for i in range(5)}  # 128 bytes each
    with watched(ingest) as monitor:
        assert monitor.send(3, activations, batch=0, batches=1)
        headers, frames = zip(*(ingest.receive("batch") for _ in range(3)))
        assert eventually(lambda: settled(monitor), "an empty queue").sent == 1
    assert [(h["seq"], h["part"], h["parts"], h["layers"]) for h in headers] == [(0, i, 3, 5) for i in range(3)]
    described = [(t["layer"], t["index"]) for h in headers for t in h["tensors"]]
    assert described == [(f"l{i}", i) for i in range(5)]
    assert [len(f) for f in frames] == [2, 2, 1]


def test_thousands_of_long_layer_names_come_in_parts(ingest: Ingest) -> None:
    activations = {f"{i:04d}".ljust(256, "x"): np.zeros((4, 1), np.float16) for i in range(4096)}
    with watched(ingest) as monitor:
        assert monitor.send(0, activations)
        header, tensors = ingest.receive("batch")
        names = [entry["layer"] for entry in header["tensors"]]
        for _ in range(header["parts"] - 1):
            names += [entry["layer"] for entry in ingest.receive("batch")[0]["tensors"]]
    assert header["parts"] > 1
    assert names == list(activations)


# hello, alive, bye


def test_every_subscription_is_answered_with_hello(ingest: Ingest) -> None:
    with watched(ingest, meta={"model": "mlp"}, layers=["a", "b"], heartbeat="7s") as monitor:
        hello, _ = ingest.receive("hello")
        assert {key: hello[key] for key in ("v", "run", "session", "layers", "meta", "client", "heartbeat")} == {
            "v": 1, "run": "run", "session": monitor.session, "layers": ["a", "b"], "meta": {"model": "mlp"},
            "client": f"livecka-python/{livecka.__version__}", "heartbeat": 7.0,
        }
        monitor.send(0, layers())
        ingest.receive("batch")
        ingest.listen(b"livecka/1/run/")
        assert ingest.receive("hello")[0]["layers"] == ["layer0", "layer1", "layer2"]
        ingest.listen(b"livecka/1/run/")  # the same again
        ingest.receive("hello")


def test_a_second_listener_on_a_bound_endpoint_is_said_hello_to(open_ingest: Listen) -> None:
    with Monitor("run", "tcp://127.0.0.1:*", bind=True, strict=True) as monitor:
        first = open_ingest(monitor.endpoint).listen()
        first.receive("hello")
        second = open_ingest(monitor.endpoint).listen()
        second.receive("hello")
        assert monitor.send(0, layers())
        assert first.receive("batch")[0] == second.receive("batch")[0]


def test_alive_tells_step_phase_and_next_number(ingest: Ingest) -> None:
    with watched(ingest, heartbeat="20ms") as monitor:
        assert {k: v for k, v in ingest.receive("alive")[0].items() if k in ("step", "seq", "dropped")} == {
            "step": 0, "seq": 0, "dropped": 0,
        }
        monitor.send(5, layers(), phase="train")
        ingest.receive("batch")
        monitor.progress(9, "eval")

        def told() -> bool:
            alive, _ = ingest.receive("alive")
            return (alive["step"], alive["phase"], alive["seq"], alive["dropped"]) == (9, "eval", 1, 0)

        eventually(told, "alive with the new step")


@pytest.mark.parametrize(
    ("error", "reason"), [(None, "finished"), (RuntimeError, "failed"), (KeyboardInterrupt, "interrupted")]
)
def test_bye_tells_how_the_block_ended(ingest: Ingest, error: Any, reason: str) -> None:
    try:
        with watched(ingest) as monitor:
            monitor.send(0, layers())
            if error is not None:
                raise error()
    except (RuntimeError, KeyboardInterrupt):
        pass
    bye = ingest.until_bye()[-1][0]
    assert (bye["seq"], bye["sent"], bye["dropped"], bye["reason"]) == (1, 1, 0, reason)


def test_closing_twice_does_nothing_and_sending_afterwards_neither(ingest: Ingest) -> None:
    monitor = watched(ingest)
    monitor.close()
    monitor.close("failed")
    assert not monitor.send(0, layers())
    assert ingest.until_bye()[-1][0]["reason"] == "finished"
    assert not ingest.socket.poll(50)


def test_a_forgotten_monitor_says_bye(ingest: Ingest) -> None:
    monitor = watched(ingest)
    del monitor
    gc.collect()
    assert ingest.until_bye()[-1][0]["reason"] == "finished"


def test_a_monitor_may_be_forgotten_on_its_own_thread(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = watched(ingest)
    outbox, monitor.itself = monitor._outbox, monitor  # type: ignore[attr-defined]
    assert outbox is not None
    collected, send_next = threading.Event(), outbox._send_next

    def collect_garbage() -> bool:
        # Where it would happen by itself: wherever Python makes an object.
        if not collected.is_set():
            gc.collect()
            collected.set()
        return send_next()

    gc.disable()
    try:
        del monitor
        monkeypatch.setattr(outbox, "_send_next", collect_garbage)
        outbox._wake()
        assert collected.wait(10)
    finally:
        gc.enable()
    assert ingest.until_bye()[-1][0]["reason"] == "finished"
    outbox._thread.join(10)
    assert not outbox._thread.is_alive()
    assert outbox._faults.counts == {}


@pytest.mark.parametrize(
    ("ending", "reason"), [("", "finished"), ("raise ValueError", "failed"), ("raise KeyboardInterrupt", "interrupted")]
)
def test_a_program_that_ends_says_bye(ingest: Ingest, ending: str, reason: str) -> None:
    run_program(f"""
        monitor = livecka.Monitor("run", {ingest.endpoint!r})
        assert monitor.wait_for_subscriber(10)
        assert monitor.send(0, {{"x": np.zeros((4, 2))}})
        {ending}
    """, ingest)
    messages = ingest.until_bye()
    assert [m["type"] for m, _ in messages if m["type"] != "alive"] == ["hello", "batch", "bye"]
    assert messages[-1][0]["reason"] == reason


# Nobody listens


class Untouchable:
    """An array that fails the test as soon as anybody looks at it."""

    def __array__(self, *arguments: Any, **keywords: Any) -> Any:
        raise AssertionError("looked at an array that nobody asked for")


def test_without_a_listener_nothing_is_looked_at_and_no_number_is_used(open_ingest: Listen) -> None:
    deaf = open_ingest()  # bound, but subscribed to nothing
    with Monitor("run", deaf.endpoint, strict=True) as monitor:
        assert not monitor.send(0, {"x": Untouchable()})
        deaf.listen(b"livecka/1/other/")
        assert not deaf.socket.poll(100)
        assert not monitor.send(1, {"x": Untouchable()})
        deaf.listen()
        deaf.wait_for(monitor)
        assert monitor.send(2, layers())
        assert deaf.receive("batch")[0]["seq"] == 0
        assert monitor.stats.attempted == 1


@pytest.mark.parametrize("prefix", [b"", b"livecka/", b"livecka/1/run/"])
def test_any_prefix_of_the_topic_counts_as_a_listener(open_ingest: Listen, prefix: bytes) -> None:
    ingest = open_ingest().listen(prefix)
    with watched(ingest) as monitor:
        assert monitor.stats.subscribers == 1


def test_a_listener_that_leaves_is_forgotten_and_one_that_comes_back_is_served(open_ingest: Listen) -> None:
    ingest = open_ingest().listen()
    with watched(ingest) as monitor:
        assert monitor.send(0, layers())
        ingest.receive("batch")
        ingest.socket.close()
        eventually(lambda: not monitor.is_subscribed, "the daemon's absence")
        assert not monitor.send(1, {"x": Untouchable()})
        again = open_ingest()
        eventually(lambda: is_bound(again, ingest.endpoint), "the port")
        again.listen().wait_for(monitor)
        again.receive("hello")
        assert monitor.send(2, layers())
        assert again.receive("batch")[0]["seq"] == 1


def is_bound(ingest: Ingest, endpoint: str) -> bool:
    try:
        ingest.socket.bind(endpoint)
    except zmq.ZMQError:
        return False
    return True


def test_waiting_for_a_listener_is_bounded() -> None:
    with Monitor("run", "tcp://127.0.0.1:*", bind=True, strict=True) as monitor:
        start = time.monotonic()
        assert not monitor.wait_for_subscriber("150ms")
        assert 0.1 < time.monotonic() - start < 5


def test_livecka_disable_turns_everything_off(monkeypatch: pytest.MonkeyPatch, ingest: Ingest) -> None:
    monkeypatch.setenv("LIVECKA_DISABLE", "1")
    with Monitor("run", ingest.endpoint) as monitor:
        assert not monitor.wait_for_subscriber("10s")
        assert not monitor.send(0, {"x": Untouchable()})
        monitor.progress(1)
    assert monitor.stats == livecka.Statistics(0, 0, 0, 0, 0, 0, 0)


# Drops


def test_every_number_is_sent_or_dropped_and_headers_say_which(open_ingest: Listen) -> None:
    """A listener that does not read: the queue fills, and once it reads again the numbers add up."""
    ingest = open_ingest(hwm=1).listen()
    with watched(ingest, queue_bytes=3 << 20, heartbeat="30ms") as monitor:
        outcomes = []
        array = {"x": np.zeros((256, 1024), np.float32)}  # 1 MiB
        while outcomes.count(False) < 10:
            start = time.monotonic()
            outcomes.append(monitor.send(len(outcomes), array))
            assert time.monotonic() - start < 1
        accepted = [seq for seq, is_accepted in enumerate(outcomes) if is_accepted]
        received = [ingest.receive("batch")[0] for _ in accepted]
        eventually(lambda: settled(monitor), "an empty queue")
        while monitor.send(len(outcomes), layers()) is False:
            outcomes.append(False)
        outcomes.append(True)
        last, _ = ingest.receive("batch")
        stats = eventually(lambda: settled(monitor), "an empty queue")
    assert [header["seq"] for header in received] == accepted
    for header in [*received, last]:
        assert header["dropped"] == outcomes[: header["seq"]].count(False)
    assert (stats.attempted, stats.sent, stats.dropped) == (len(outcomes), outcomes.count(True), outcomes.count(False))
    bye = ingest.until_bye()[-1][0]
    assert (bye["seq"], bye["sent"], bye["dropped"]) == (stats.attempted, stats.sent, stats.dropped)


def test_a_dropped_batch_is_not_copied(ingest: Ingest, caplog: pytest.LogCaptureFixture) -> None:
    with watched(ingest, queue_bytes=100) as monitor:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(TensorSource, "frame", lambda *_: pytest.fail("copied"))
            for step in range(2):
                assert not monitor.send(step, {"x": np.zeros((8, 8), np.float32)})
        assert monitor.stats.dropped == 2
    # It would never fit: that is said, and once.
    assert len(caplog.records) == 1 and "batch of 256 bytes: queue_bytes is 100" in caplog.text


def test_closing_gives_up_what_a_stuck_listener_does_not_take(open_ingest: Listen) -> None:
    ingest = open_ingest(hwm=1).listen()
    monitor = watched(ingest, queue_bytes=8 << 20)
    while monitor.send(0, {"x": np.zeros((256, 1024), np.float32)}):
        pass
    start = time.monotonic()
    monitor.close()
    assert time.monotonic() - start < 1.4
    stats = monitor.stats
    assert stats.queued == 0 and stats.attempted == stats.sent + stats.dropped and stats.dropped > 1


def test_a_program_with_a_full_queue_ends_in_time(open_ingest: Listen) -> None:
    ingest = open_ingest(hwm=1).listen()
    output = run_program(f"""
        monitor = livecka.Monitor("run", {ingest.endpoint!r}, queue_bytes=8 << 20)
        assert monitor.wait_for_subscriber(10)
        while monitor.send(0, {{"x": np.zeros((256, 1024), np.float32)}}): pass
        print(time.time())
    """, ingest)
    assert time.time() - float(output) < 1.5


def test_a_program_without_a_daemon_ends_at_once(open_ingest: Listen) -> None:
    free = open_ingest()
    endpoint = free.endpoint
    free.socket.close()
    output = run_program(f"""
        monitor = livecka.Monitor("run", {endpoint!r})
        for step in range(100): assert not monitor.send(step, {{"x": np.zeros((256, 1024), np.float32)}})
        print(time.time())
    """)
    assert time.time() - float(output) < 1.5


# Faults


@pytest.mark.parametrize(
    "arguments",
    [
        {"step": -1}, {"step": 1.5}, {"step": "7"}, {"activations": {}}, {"activations": {"x": np.float32(1)}},
        {"activations": {"x": np.zeros((4, 0))}}, {"activations": {"x": np.zeros((4, 2), complex)}},
        {"activations": {"x": ["text"] * 4}}, {"activations": {"x": np.zeros((4, 2)), "y": np.zeros((5, 2))}},
        {"activations": {"a\nb": np.zeros((4, 2))}}, {"activations": {"": np.zeros((4, 2))}},
        {"activations": {"x" * 257: np.zeros((4, 2))}}, {"activations": {"\ud800": np.zeros((4, 2))}},
        {"activations": [1, 2]}, {"labels": [1, 2]}, {"labels": [0.5] * 8}, {"examples": [None] * 8},
        {"batch": -1}, {"phase": "sleep"}, {"kind": "picture"}, {"kind": "gram"}, {"probe": object()},
        {"activations": {"x": Untouchable()}},
    ],
)
def test_wrong_batches_are_dropped_and_training_goes_on(
    ingest: Ingest, caplog: pytest.LogCaptureFixture, arguments: dict[str, Any]
) -> None:
    with watched(ingest, strict=False) as monitor, caplog.at_level(logging.WARNING, "livecka"):
        for _ in range(3):
            assert monitor.send(**{"step": 0, "activations": layers(), **arguments}) is False
        assert monitor.send(1, layers())
        header, _ = ingest.receive("batch")
        assert (header["seq"], header["dropped"]) == (3, 3)
        stats = eventually(lambda: settled(monitor), "an empty queue")
        assert (stats.attempted, stats.sent, stats.dropped, stats.faults) == (4, 1, 3, 3)
    assert len(caplog.records) == 1  # said once, counted always


def test_a_strict_monitor_raises(ingest: Ingest) -> None:
    with watched(ingest) as monitor:
        with pytest.raises(ValueError, match="whole number"):
            monitor.send(-1, layers())
        assert monitor.stats.dropped == 1


def test_an_endpoint_that_cannot_be_bound_leaves_training_alone(
    ingest: Ingest, caplog: pytest.LogCaptureFixture
) -> None:
    monitor = Monitor("run", ingest.endpoint, bind=True)
    assert not monitor.send(0, {"x": Untouchable()})
    monitor.close()
    assert monitor.stats.faults == 1
    assert ingest.endpoint in caplog.text
    with pytest.raises(zmq.ZMQError):
        Monitor("run", ingest.endpoint, bind=True, strict=True)


@pytest.mark.parametrize(
    "arguments",
    [{"run": "a/b"}, {"run": ""}, {"run": "x" * 129}, {"run": ".x"}, {"heartbeat": "soon"}, {"heartbeat": 0},
     {"meta": float("nan")}, {"rank": -1}],
)
def test_wrong_constructor_arguments_raise_at_once(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Monitor(**{"run": "run", "endpoint": "tcp://127.0.0.1:*", "bind": True, **arguments})


def test_a_forked_child_is_silent_and_the_parent_goes_on(ingest: Ingest) -> None:
    output = run_program(f"""
        import os
        monitor = livecka.Monitor("run", {ingest.endpoint!r})
        assert monitor.wait_for_subscriber(10)
        child = os.fork()
        if child == 0:
            assert not monitor.send(99, {{"x": np.zeros((4, 2))}})
            monitor.close()
            raise SystemExit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        assert monitor.send(1, {{"x": np.zeros((4, 2))}})
    """, ingest)
    assert output.split() == ["7"]
    messages = [message for message, _ in ingest.until_bye()]
    assert [m["step"] for m in messages if m["type"] == "batch"] == [1]
    assert [m["type"] for m in messages].count("bye") == 1


def run_program(body: str, ingest: Optional[Ingest] = None) -> str:
    """Runs a program that has livecka, np and time; what it prints."""
    script = "import time, numpy as np, livecka\n" + textwrap.dedent(body)
    program = subprocess.Popen(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(SOURCE)}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )
    eventually(lambda: (ingest is None or ingest.socket.poll(1) >= 0) and program.poll() is not None, "its end", 30)
    output, complaints = program.communicate()
    assert "AssertionError" not in complaints, complaints
    return output
