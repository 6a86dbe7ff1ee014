"""The C client: the header's promises against raw ZeroMQ, and its example against a real daemon."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reference
from c_library import STRICT, Monitor, bfloat16, compiled, executable, library, without_disabling
from conftest import Ingest, Listen, layers
from daemon import Daemon
from waiting import eventually

LIMIT = 1 << 16
Open = Callable[..., Monitor]


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("c")


@pytest.fixture(scope="session")
def c_library(directory: Path) -> ctypes.CDLL:
    """The header with messages small enough for batches in parts."""
    return library(directory, f"-DLIVECKA_MESSAGE_LIMIT={LIMIT}u")


@pytest.fixture
def open_monitor(c_library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.delenv("LIVECKA_DISABLE", raising=False)
    opened: list[Monitor] = []

    def open_one(run: str = "run", endpoint: str = "tcp://127.0.0.1:*", **options: Any) -> Monitor:
        opened.append(Monitor(c_library, run, endpoint, **options))
        return opened[-1]

    yield open_one
    for monitor in opened:
        monitor.close()


def values(tensor: bytes, entry: dict[str, Any]) -> Any:
    dtype = {"F16": "<f2", "BF16": bfloat16, "F32": "<f4", "F64": "<f8"}[entry["dtype"]]
    return np.frombuffer(tensor, dtype).reshape(entry["shape"])


@pytest.mark.parametrize(
    ("compiler", "flags"),
    [(compiler, ["-std=c99"]) for compiler in ("cc", "clang")]
    + [(compiler, ["-x", "c++", "-std=c++17"]) for compiler in ("c++", "clang++")],
)
@pytest.mark.parametrize("definitions", [[], ["LIVECKA_IMPLEMENTATION"], ["LIVECKA_IMPLEMENTATION", "LIVECKA_STATIC"]])
def test_the_header_compiles_without_a_warning(
    directory: Path, compiler: str, flags: list[str], definitions: list[str]
) -> None:
    define = [f"-D{name}" for name in definitions]
    source = directory / "unit.c"
    source.write_text('#include "livecka.h"\n#include "livecka.h"\ntypedef int unit;\n')
    include = f"-I{Path(__file__).parents[2] / 'c'}"
    compiled([*flags, *STRICT, *define, include, "-c", str(source), "-o", os.devnull], compiler)


def test_a_batch_arrives_as_the_contract_says(ingest: Ingest, open_monitor: Open) -> None:
    monitor = open_monitor("my-run", ingest.endpoint, rank=2, world=8)
    ingest.wait_for(monitor)
    random = np.random.default_rng(0)
    sent = {
        dtype: random.standard_normal((8, 5)).astype(bfloat16 if dtype == "bfloat16" else dtype)
        for dtype in ("float16", "bfloat16", "float32", "float64")
    }
    assert monitor.send(
        7, sent, batch=1, batches=4, probe='held "out" \\ é', phase="eval", examples=range(-3, 5), labels=range(8),
        predictions=[1] * 8,
    ) == 1
    header, tensors = ingest.receive("batch")
    expected = {
        "v": 1, "type": "batch", "run": "my-run", "step": 7, "seq": 0, "dropped": 0, "batch": 1, "batches": 4, "rank": 2,
        "world": 8, "probe": 'held "out" \\ é', "phase": "eval", "examples": list(range(-3, 5)), "labels": list(range(8)),
        "predictions": [1] * 8,
    }
    assert {key: header[key] for key in expected} == expected
    assert set(header) == {*expected, "session", "time", "tensors"} and abs(header["time"] - time.time()) < 60
    assert [(entry["layer"], entry["dtype"]) for entry in header["tensors"]] == list(
        zip(sent, ["F16", "BF16", "F32", "F64"])
    )
    for tensor, entry in zip(tensors, header["tensors"]):
        np.testing.assert_array_equal(values(tensor, entry), sent[entry["layer"]])


def test_what_is_optional_is_left_out(ingest: Ingest, open_monitor: Open) -> None:
    monitor = open_monitor("run", ingest.endpoint)
    ingest.wait_for(monitor)
    monitor.send(0, layers())
    header, _ = ingest.receive("batch")
    assert set(header) == {"v", "type", "run", "session", "time", "step", "seq", "dropped", "tensors"}


@pytest.mark.parametrize("kind", ["gram", "packed"])
def test_gram_matrices_arrive_whole_and_packed(ingest: Ingest, open_monitor: Open, kind: str) -> None:
    monitor = open_monitor("run", ingest.endpoint)
    ingest.wait_for(monitor)
    gram = reference.gram(layers()["layer0"])
    sent = gram if kind == "gram" else gram[np.triu_indices(len(gram))]
    assert monitor.send(0, {"a": sent}, kind=kind) == 1
    header, tensors = ingest.receive("batch")
    assert header["tensors"] == [
        {"layer": "a", "index": 0, "dtype": "F64", "kind": "gram", "shape": list(sent.shape),
         **({"packed": True} if kind == "packed" else {})}
    ]
    np.testing.assert_array_equal(values(tensors[0], header["tensors"][0]), sent)


def test_layer_names_and_ids_are_escaped(ingest: Ingest, open_monitor: Open) -> None:
    monitor = open_monitor("run", ingest.endpoint)
    ingest.wait_for(monitor)
    names = ['"', "\\", "a/b.c", "schön", "層", "🙂", "x" * 256, "\\u0041", "</script>"]
    ids = ['"quoted"', "tab\tline\n", "é", "", "\x01", "e", "f", "g"]
    assert monitor.send(0, {name: np.zeros((8, 1), np.float32) for name in names}, examples=ids) == 1
    header, _ = ingest.receive("batch")
    assert [entry["layer"] for entry in header["tensors"]] == names
    assert header["examples"] == ids


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("layer", {"layers": {"": np.zeros((8, 1))}}),
        ("layer", {"layers": {"a\nb": np.zeros((8, 1))}}),
        ("layer", {"layers": {"a\x85b": np.zeros((8, 1))}}),
        ("layer", {"layers": {"x" * 257: np.zeros((8, 1))}}),
        ("at least one layer", {"layers": {}}),
        ("examples", {"layers": {"a": np.zeros((3, 1))}}),
        ("examples", {"layers": {"a": np.zeros((8, 1)), "b": np.zeros((9, 1))}}),
        ("features", {"layers": {"a": np.zeros((8, 0))}}),
        ("message", {"layers": {"a": np.zeros((8, LIMIT))}}),
        ("step", {"step": -1}),
        ("phase", {"phase": "test"}),
        ("labels", {"labels": [2**53 + 1] * 8}),
    ],
)
def test_wrong_arguments_are_counted_and_said_once(
    ingest: Ingest, open_monitor: Open, name: str, arguments: dict[str, Any]
) -> None:
    monitor = open_monitor("run", ingest.endpoint)
    ingest.wait_for(monitor)
    call = {"step": 0, "layers": layers(), **arguments}
    assert [monitor.send(**call), monitor.send(**call)] == [-1, -1]
    assert len(monitor.said) == 1 and name in monitor.said[0]
    assert monitor.send(1, layers()) == 1
    header, _ = ingest.receive("batch")
    assert (header["seq"], header["dropped"]) == (2, 2)
    assert monitor.stats["attempted"] == 3 and monitor.stats["dropped"] == 2 and monitor.stats["sent"] == 1


def test_text_that_is_no_utf8_is_refused(ingest: Ingest, open_monitor: Open) -> None:
    monitor = open_monitor("run", ingest.endpoint)
    ingest.wait_for(monitor)

    class Bytes(str):
        def encode(self, *arguments: Any) -> bytes:
            return bytes(ord(character) for character in self)

    wrong = ["\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\xe2\x82", "\xff", "\xe0\x80\xaf", "\xf8\x88\x80\x80\x80"]
    for text in wrong:
        with pytest.raises(UnicodeDecodeError):
            Bytes(text).encode().decode()
        assert monitor.send(0, {Bytes(text): np.zeros((8, 1))}) == -1
    assert monitor.send(0, {Bytes("\xf0\x9f\x99\x82"): np.zeros((8, 1))}) == 1


def test_a_large_batch_travels_in_parts_with_one_number(ingest: Ingest, open_monitor: Open) -> None:
    monitor = open_monitor("run", ingest.endpoint)
    ingest.wait_for(monitor)
    sent = {f"l{i}": np.full((8, 800), i, np.float64) for i in range(4)}  # 51 200 bytes each; a message takes 65 536
    assert monitor.send(3, sent, labels=range(8)) == 1
    for part in range(4):
        header, tensors = ingest.receive("batch")
        assert (header["seq"], header["part"], header["parts"], header["layers"]) == (0, part, 4, 4)
        assert [(entry["layer"], entry["index"]) for entry in header["tensors"]] == [(f"l{part}", part)]
        np.testing.assert_array_equal(values(tensors[0], header["tensors"][0]), sent[f"l{part}"])
    assert monitor.stats["sent"] == 1


def test_nobody_listening_costs_no_number_and_no_copy(open_monitor: Open) -> None:
    monitor = open_monitor(bind=1)
    assert monitor.send(0, layers()) == 0 and not monitor.is_subscribed
    assert monitor.stats == {"attempted": 0, "sent": 0, "dropped": 0, "queued_bytes": 0, "subscriptions": 0}


def test_greeting_life_signs_and_goodbye(open_ingest: Listen, open_monitor: Open) -> None:
    monitor = open_monitor(
        "run", bind=1, heartbeat=20, meta={"model": 'a "net"', "framework": "C"}, layers=["stem", "schön"]
    )
    first = open_ingest(monitor.endpoint).listen()
    first.wait_for(monitor)
    hello, _ = first.receive("hello")
    assert hello["layers"] == ["stem", "schön"] and hello["meta"] == {"model": 'a "net"', "framework": "C"}
    assert hello["heartbeat"] == 0.02 and hello["client"].startswith("livecka-c/")
    # Every subscription is greeted, also one that is there already.
    second = open_ingest(monitor.endpoint).listen()
    eventually(lambda: second.socket.poll(1) or (monitor.is_subscribed and None), "a greeting")
    assert second.receive("hello")[0]["session"] == hello["session"]

    monitor.send(4, layers())
    monitor.send(4, {})
    monitor.progress(5, "eval")

    def alive() -> Any:
        monitor.progress(5)
        if not first.socket.poll(1):
            return None
        header, _ = first.receive()
        return header if header["type"] == "alive" and header["step"] == 5 else None

    signs = eventually(alive, "a life sign")
    assert (signs["phase"], signs["seq"], signs["dropped"]) == ("eval", 2, 1)
    monitor.close("interrupted")
    bye, _ = first.receive("bye")
    assert (bye["seq"], bye["sent"], bye["dropped"], bye["reason"]) == (2, 1, 1, "interrupted")


def test_prefixes_count_and_listeners_that_leave_are_forgotten(open_ingest: Listen, open_monitor: Open) -> None:
    monitor = open_monitor("run", bind=1)
    others = open_ingest(monitor.endpoint).listen(b"livecka/1/runner/").listen(b"livecka/2/").listen(b"x" * 300)
    mine = open_ingest(monitor.endpoint).listen(b"livecka/1/run/")
    mine.wait_for(monitor)
    assert monitor.stats["subscriptions"] == 1
    mine.listen(b"")
    eventually(lambda: mine.socket.poll(1) >= 0 and monitor.is_subscribed and monitor.stats["subscriptions"] == 2)
    mine.socket.close()
    eventually(lambda: others.socket.poll(1) >= 0 and not monitor.is_subscribed, "the listener's leaving")
    assert monitor.send(0, layers()) == 0


def test_a_full_queue_drops_whole_batches_and_the_daemon_is_told(open_ingest: Listen, open_monitor: Open) -> None:
    monitor = open_monitor("run", bind=1, queue_bytes=4 << 20)
    ingest = open_ingest(monitor.endpoint, hwm=1).listen()
    ingest.wait_for(monitor)
    batch = {"a": np.zeros((8, 512)), "b": np.zeros((8, 512))}  # 64 KiB
    results = [monitor.send(step, batch) for step in range(400)]
    assert set(results) == {1, -1} and len(monitor.said) == 1 and "slowly" in monitor.said[0]
    assert monitor.stats["queued_bytes"] <= 4 << 20
    received = 0
    for _ in range(results.count(1)):
        header, tensors = ingest.receive("batch")
        assert len(tensors) == 2 and header["dropped"] == results[: header["seq"]].count(-1)
        received += 1
        assert results[header["seq"]] == 1
    assert monitor.stats["attempted"] == 400 == received + monitor.stats["dropped"]
    eventually(lambda: monitor.stats["queued_bytes"] == 0, "an empty queue")
    assert monitor.send(400, batch) == 1


def test_many_small_batches_are_bounded_by_number(open_ingest: Listen, open_monitor: Open) -> None:
    monitor = open_monitor("run", bind=1)
    ingest = open_ingest(monitor.endpoint, hwm=1).listen()
    ingest.wait_for(monitor)
    batch = {"a": np.zeros((8, 512))}
    results = [monitor.send(step, batch) for step in range(3000)]
    assert -1 in results
    numbers = [ingest.receive("batch")[0]["seq"] for _ in range(results.count(1))]
    assert numbers == [number for number, result in enumerate(results) if result == 1]


@pytest.mark.parametrize("case", ["sent", "nobody", "wrong", "full"])
def test_data_given_away_is_released_exactly_once(open_ingest: Listen, open_monitor: Open, case: str) -> None:
    monitor = open_monitor("run", bind=1, queue_bytes=1 if case == "full" else 1 << 20)
    ingest = open_ingest(monitor.endpoint)
    if case != "nobody":
        ingest.listen().wait_for(monitor)
    sent = layers()
    if case == "wrong":
        sent["\n"] = sent["layer0"]
    assert monitor.send(0, sent, gives_away=True) == {"sent": 1, "nobody": 0, "wrong": -1, "full": -1}[case]
    if case == "sent":
        header, tensors = ingest.receive("batch")
        for tensor, entry in zip(tensors, header["tensors"]):
            np.testing.assert_array_equal(values(tensor, entry), sent[entry["layer"]])
        eventually(lambda: len(monitor.released) == 3, "the release")
    tensors_, arrays = monitor.kept
    monitor.close()
    assert sorted(monitor.released) == sorted(array.ctypes.data for array in arrays.values())


def test_wrong_options_open_nothing_and_every_function_takes_none(open_monitor: Open, ingest: Ingest) -> None:
    wrong_options: list[dict[str, Any]] = [{"heartbeat": 0}, {"layers": [""]}]
    wrong = [(name, {}) for name in ("a/b", "", "-a", "x" * 129)] + [("run", options) for options in wrong_options]
    for run, options in wrong:
        monitor = open_monitor(run, ingest.endpoint, **options)
        assert monitor.pointer is None and len(monitor.said) == 1
    monitor = open_monitor("run", "nonsense")
    assert monitor.pointer is None and "nonsense" in monitor.said[0]
    assert monitor.send(0, layers(), gives_away=True) == 0 and len(monitor.released) == 3
    assert not monitor.is_subscribed and not monitor.wait_for_subscriber(10_000) and monitor.endpoint == ""
    monitor.progress(3, "train")
    assert set(monitor.stats.values()) == {0}


def test_it_can_be_disabled(open_monitor: Open, ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    ctypes.CDLL(None).setenv(b"LIVECKA_DISABLE", b"1", 1)
    try:
        assert open_monitor("run", ingest.endpoint).pointer is None
    finally:
        ctypes.CDLL(None).unsetenv(b"LIVECKA_DISABLE")
    assert open_monitor("run", ingest.endpoint).pointer is not None


def test_a_forked_childs_copy_does_nothing(open_monitor: Open, ingest: Ingest) -> None:
    monitor = open_monitor("run", ingest.endpoint)
    ingest.wait_for(monitor)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        answers = [monitor.is_subscribed, monitor.send(0, layers()), monitor.stats["attempted"]]
        monitor.close()
        os.write(write, json.dumps(answers).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        assert json.loads(pipe.read()) == [False, 0, 0]
    assert os.waitpid(child, 0)[1] == 0
    assert monitor.send(1, layers()) == 1
    assert ingest.receive("batch")[0]["step"] == 1


def test_closing_waits_a_second_at_most(open_ingest: Listen, open_monitor: Open) -> None:
    monitor = open_monitor("run", bind=1)
    ingest = open_ingest(monitor.endpoint, hwm=1).listen()
    ingest.wait_for(monitor)
    while monitor.send(0, {"a": np.zeros((8, 1000)), "b": np.zeros((8, 1000))}) == 1:
        pass
    start = time.monotonic()
    monitor.close()
    assert time.monotonic() - start < 1.5


def test_a_daemon_that_is_killed_and_started_anew_finds_the_run(start: Callable[..., Daemon], open_monitor: Open) -> None:
    first = start()
    monitor = open_monitor("run", first.ingest, layers=["layer0", "layer1", "layer2"])
    assert monitor.wait_for_subscriber(10_000)
    assert [monitor.send(step, layers(step)) for step in range(3)] == [1, 1, 1]
    assert first.settled("run", accumulated=3)["attempted"] == 3
    first.process.kill()
    first.process.wait()
    eventually(lambda: not monitor.is_subscribed, "the daemon's leaving")
    assert monitor.send(3, layers(3)) == 0
    second = start(ingest={"bind": [first.ingest]})
    assert monitor.wait_for_subscriber(10_000)
    assert [monitor.send(step, layers(step)) for step in (4, 5)] == [1, 1]
    monitor.close("failed")
    accounting = second.settled("run", accumulated=2)
    assert (accounting["attempted"], accounting["lost"], accounting["dropped"]) == (2, 0, 0)
    eventually(lambda: second.ask("run", run="run")["state"] == "ended", "the end of the run")


def test_what_was_dropped_is_in_the_daemons_account(daemon: Daemon, open_monitor: Open) -> None:
    monitor = open_monitor("c-dropped", daemon.ingest)
    assert monitor.wait_for_subscriber(10_000)
    wrong: dict[str, Any] = {"": np.zeros((8, 1))}
    # The daemon counts from the first number that it hears.
    for step, batch in enumerate([layers(0), wrong, wrong, layers(1), wrong, wrong]):
        monitor.send(step, batch)
    monitor.close()
    accounting = daemon.settled("c-dropped", attempted=6)
    assert (accounting["accumulated"], accounting["dropped"], accounting["lost"]) == (2, 4, 0)


# The example


@pytest.fixture(scope="session", params=["c99", "c++17"])
def example(request: pytest.FixtureRequest, directory: Path) -> str:
    if request.param == "c99":
        return executable(directory, "example-c", "-std=c99", "-O1")
    return executable(directory, "example-cpp", "-x", "c++", "-std=c++17", "-O1", compiler="c++")


def dumped(directory: Path, step: int) -> list[reference.Sums]:
    arrays = [np.fromfile(directory / f"{step}-{index}.f32", "<f4").reshape(9, 64, 32) for index in range(2)]
    return [reference.batch(list(array)) for array in arrays]


def test_the_examples_matrices_are_those_of_its_activations(daemon: Daemon, example: str, tmp_path: Path) -> None:
    run = Path(example).name
    result = subprocess.run(
        [example, "--run", run, "--endpoint", daemon.ingest, "--steps", "300", "--every", "100", "--wait", "10000",
         "--dump", str(tmp_path)],
        capture_output=True, text=True, check=True, timeout=60, env=without_disabling(),
    )
    assert result.stdout.splitlines()[-1] == "attempted 8  sent 8  dropped 0"
    accounting = daemon.settled(run, attempted=8)
    assert (accounting["accumulated"], accounting["lost"], accounting["dropped"]) == (8, 0, 0)
    header, matrices = daemon.matrix(run, "pass")
    assert (header["step_last"], header["complete"], header["missing"]) == (300, True, 0)
    assert header["layers"] == ["stem", *(f"block{i:02d}" for i in range(1, 9))]
    expected = reference.total(dumped(tmp_path, 300))
    np.testing.assert_allclose(matrices["cka"], expected.cka, rtol=0, atol=1e-6)
    _, matrices = daemon.matrix(run, "total")
    expected = reference.total(sums for step in (0, 100, 200, 300) for sums in dumped(tmp_path, step))
    np.testing.assert_allclose(matrices["cka"], expected.cka, rtol=0, atol=1e-6)
    entry = daemon.ask("run", run=run)
    assert entry["state"] == "ended"


def test_training_is_the_same_with_a_daemon_without_and_with_one_that_is_stopped(
    start: Callable[..., Daemon], example: str, tmp_path: Path
) -> None:
    def losses(endpoint: str) -> list[str]:
        result = subprocess.run(
            [example, "--endpoint", endpoint, "--steps", "200", "--every", "1", "--wait", "500"],
            capture_output=True, text=True, check=True, timeout=60, env=without_disabling(),
        )
        return result.stdout.splitlines()[:-1]

    daemon = start()
    watched = losses(daemon.ingest)
    assert len(watched) == 200
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        assert losses(daemon.ingest) == watched
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    assert losses("tcp://127.0.0.1:9") == watched


def test_without_a_daemon_the_example_ends_at_once(example: str) -> None:
    start = time.monotonic()
    subprocess.run(
        [example, "--endpoint", "tcp://127.0.0.1:9", "--steps", "100", "--every", "1", "--wait", "0"], check=True, timeout=10,
        stdout=subprocess.DEVNULL, env=without_disabling(),
    )
    assert time.monotonic() - start < 1.5


def test_the_example_is_clean_under_sanitizers(daemon: Daemon, directory: Path) -> None:
    program = executable(
        directory, "example-sanitized", "-std=c99", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"
    )
    subprocess.run(
        [program, "--run", "sanitized", "--endpoint", daemon.ingest, "--steps", "60", "--every", "10", "--wait", "10000"],
        check=True, timeout=60, stdout=subprocess.DEVNULL, env=without_disabling(),
    )
    assert daemon.settled("sanitized", attempted=14)["accumulated"] == 14
