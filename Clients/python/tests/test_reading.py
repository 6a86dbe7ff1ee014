"""Pictures, tables and TensorBoard logs of matrices, and following a daemon that is started anew."""

from __future__ import annotations

import builtins
import csv
import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import livecka
import livecka.tensorboard
from daemon import Daemon, activations
from livecka._picture import pixels, png
from test_snapshot import snapshot
from test_subscription import Daemon as Publisher
from waiting import eventually

NAN = float("nan")


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    publisher = Publisher()
    yield publisher
    publisher.close()


def without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Makes these packages impossible to import."""
    original = builtins.__import__

    def refuse(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name.split(".")[0] in names and not (arguments and len(arguments) > 3 and arguments[3]):
            raise ImportError(name)
        return original(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", refuse)


# Pictures


@pytest.fixture
def axes() -> Iterator[Any]:
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def test_a_plot_has_the_layers_names_and_colours_from_0_to_1(axes: Any) -> None:
    drawn = snapshot(run="digits").plot()
    (image,) = drawn.images
    assert image.get_clim() == (0, 1)
    np.testing.assert_array_equal(np.ma.filled(image.get_array(), NAN), snapshot().cka)
    for labels in (drawn.get_xticklabels(), drawn.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["stem", "blöck", "NaN"]
    assert "digits" in drawn.get_title() and "step 10" in drawn.get_title()
    drawn.figure.savefig(io.BytesIO(), format="png")


def test_undefined_cells_are_marked_and_blocks_framed(axes: Any) -> None:
    drawn = snapshot().plot(blocks=[(0, 1), {"layers": {"first": 1, "last": 2}}])
    marks = [p for p in drawn.patches if p.get_gid() == "undefined" and p.get_hatch()]
    cells = [(p.get_x() + 0.5 + i, p.get_y() + 0.5) for p in marks for i in range(int(p.get_width()))]
    assert sorted(cells) == sorted((column, row) for row in range(3) for column in range(3) if 2 in (row, column))
    frames = [(p.get_x(), p.get_y(), p.get_width(), p.get_height()) for p in drawn.patches if p.get_gid() == "block"]
    assert frames == [(-0.5, -0.5, 2, 2), (0.5, 0.5, 2, 2)]
    with pytest.raises(ValueError, match="3"):
        snapshot().plot(blocks=[(1, 3)])


def test_a_plot_goes_into_axes_that_are_given(axes: Any) -> None:
    figure, given = axes.subplots()
    assert snapshot().plot(given) is given


def test_many_layers_are_named_at_intervals(axes: Any) -> None:
    count = 500
    many = livecka.Snapshot({"layers": [f"l{i}" for i in range(count)]}, np.eye(count), np.eye(count), np.eye(count))
    assert len(many.plot().get_xticklabels()) <= 40


def test_without_matplotlib_a_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "matplotlib")
    with pytest.raises(ImportError, match="pip install matplotlib"):
        snapshot().plot()


def test_a_csv_file_has_names_and_empty_fields(tmp_path: Path) -> None:
    original = snapshot(layers=['a,"b"', "blöck", "c"])
    original.save(tmp_path / "matrix.csv")
    with open(tmp_path / "matrix.csv", encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["", 'a,"b"', "blöck", "c"], ['a,"b"', "1.0", "0.5", ""], ["blöck", "0.5", "1.0", ""], ["c", "", "", ""],
        ]


def test_the_daemons_csv_is_the_same(daemon: Daemon, tmp_path: Path) -> None:
    session = daemon.emitter().session("table")
    session.send(0, activations(3))
    daemon.settled("table", accumulated=1)
    assert daemon.command_line("snapshot", "table", "-o", str(tmp_path / "theirs.csv")).returncode == 0
    with livecka.connect(daemon.control_endpoint) as control:
        control.snapshot("table").save(tmp_path / "ours.csv")
    theirs, ours = (list(csv.reader((tmp_path / name).read_text().splitlines())) for name in ("theirs.csv", "ours.csv"))
    assert ours[0] == theirs[0] and [row[0] for row in ours] == [row[0] for row in theirs]
    np.testing.assert_array_equal([row[1:] for row in ours[1:]], [row[1:] for row in theirs[1:]])


def test_pictures_without_a_library_are_pictures(axes: Any) -> None:
    matrix = np.array([[1, 0.5], [0, NAN]])
    content, side = png(matrix)
    decoded = axes.imread(io.BytesIO(content))[..., :3]
    assert decoded.shape == (side, side, 3)
    np.testing.assert_allclose(decoded * 255, pixels(matrix), atol=0.5)
    colors = axes.get_cmap("magma")
    for (row, column), value in {(0, 0): 1.0, (0, 1): 0.5, (1, 0): 0.0}.items():
        cell = pixels(matrix)[side // 4 + row * side // 2, side // 4 + column * side // 2]
        np.testing.assert_allclose(cell / 255, colors(value)[:3], atol=4 / 255)
    undefined = pixels(matrix)[side // 2 :, side // 2 :].reshape(-1, 3)
    assert {tuple(color) for color in undefined.tolist()} == {(0x6E, 0x6E, 0x73), (0x9A, 0x9A, 0xA0)}


# Following


def test_the_iteration_ends_after_a_timeout_and_goes_on_when_asked_again(publisher: Publisher) -> None:
    with livecka.subscribe("a", publisher.endpoint, topics=["event"], timeout="1s") as subscription:
        publisher.subscriptions(1)
        publisher.publish("event/a/", 0)
        assert [message.header["seq"] for message in subscription] == [0]
        publisher.publish("event/a/", 1)
        for message in subscription:
            assert message.header["seq"] == 1
            break


def test_closing_ends_an_iteration_from_another_thread(publisher: Publisher) -> None:
    subscription = livecka.subscribe(None, publisher.endpoint)
    publisher.subscriptions(3)
    received: list[Any] = []
    thread = threading.Thread(target=lambda: received.extend(subscription))
    thread.start()
    publisher.publish("event/a/", 0)
    eventually(lambda: received, "the event")
    subscription.close()
    thread.join(10)
    assert not thread.is_alive() and len(received) == 1
    subscription.close()
    assert subscription.receive() is None and list(subscription) == []
    subscription.refresh()


def test_breaking_out_of_a_loop_leaves_nothing_open(publisher: Publisher) -> None:
    subscription = livecka.subscribe("a", publisher.endpoint, topics=["event"])
    publisher.subscriptions(1)
    publisher.publish("event/a/", 0)
    assert next(iter(subscription)).header["seq"] == 0
    del subscription
    assert publisher.subscriptions(1) == {b"\0event/a/"}  # it hung up


def test_after_a_gap_what_is_current_is_asked_for_again(publisher: Publisher) -> None:
    with livecka.subscribe("a", publisher.endpoint, topics=["alert", "event"]) as subscription:
        assert publisher.subscriptions(2) == {b"\1alert/a/", b"\1event/a/"}
        publisher.publish("event/a/", 0)
        publisher.publish("event/a/", 3)
        assert [subscription.receive("10s").missed for _ in range(2)] == [0, 2]  # type: ignore[union-attr]
        # Asked for while still subscribed, so that nothing is lost in between.
        assert publisher.subscriptions(2) == {b"\1alert/a/", b"\1event/a/"}
        publisher.publish("alert/a/rule/f/", 5)
        publisher.publish("event/a/", 3)
        publisher.publish("event/a/", 4)
        received = [subscription.receive("10s") for _ in range(2)]
        assert [(m.topic, m.header["seq"], m.missed) for m in received if m] == [("alert/a/rule/f/", 5, 0), ("event/a/", 4, 0)]
        assert subscription.missed == 2


def test_a_new_epoch_starts_anew_in_all_topics(publisher: Publisher) -> None:
    with livecka.subscribe(None, publisher.endpoint, topics=["event"]) as subscription:
        publisher.subscriptions(1)
        for topic, seq, epoch in [("a", 7, 1), ("b", 7, 1), ("a", 0, 2), ("b", 0, 2), ("a", 2, 2)]:
            publisher.publish(f"event/{topic}/", seq, epoch=epoch)
        received = [subscription.receive("10s") for _ in range(5)]
        assert [(m.is_restart, m.missed) for m in received if m] == [(False, 0), (False, 0), (True, 0), (False, 0), (False, 1)]


def test_frames_of_unknown_kinds_come_in_the_headers_shapes(publisher: Publisher) -> None:
    vector, square = np.arange(3.0), np.arange(9.0).reshape(3, 3)
    frames = [array.tobytes() for array in (vector, square, square + 1)]
    with livecka.subscribe("a", publisher.endpoint, topics=["other"]) as subscription:
        assert publisher.subscriptions(1) == {b"\1other/a/"}
        for seq, header in enumerate([{"shape": [3, 3]}, {"shapes": [[3], [3, 3], [3, 3]]}, {}]):
            publisher.publish("other/a/pass/", seq, *frames, run="a", window="pass", layers=["x", "y", "z"], **header)
            message = subscription.receive("10s")
            assert message is not None and message.kind == "other" and message.cka is None and message.layers == ["x", "y", "z"]
            for array, expected in zip(message.arrays, (vector, square, square + 1)):
                np.testing.assert_array_equal(array, expected if header or array.ndim == 2 else expected.reshape(-1))


def test_following_goes_on_when_the_daemon_is_started_anew(start: Callable[..., Daemon]) -> None:
    first = start()
    session = first.emitter().session("again")
    with livecka.subscribe("again", first.publish, topics=["cka"]) as subscription:
        session.send(0, activations(0))
        message = subscription.receive("20s")
        assert message is not None and message.header["step_last"] == 0
        epoch = message.header["epoch"]
        first.process.terminate()
        first.process.wait(15)
        second = start(publish={"bind": first.publish, "interval": "50ms"})
        session = second.emitter().session("again")
        session.send(9, activations(0))

        def after_the_restart() -> Any:
            message = subscription.receive("20s")
            assert message is not None
            return message if message.header["epoch"] != epoch else None

        message = eventually(after_the_restart, "a matrix of the second daemon", 30)
        assert message.is_restart and message.header["step_last"] == 9 and message.missed == 0


# TensorBoard


def read(directory: Path) -> Any:
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="tensorboard is not installed"
    )
    events = accumulator.EventAccumulator(str(directory), size_guidance={"images": 0, "scalars": 0, "tensors": 0})
    events.Reload()
    return events


def alert(state: str, step: int, value: float) -> dict[str, Any]:
    return {
        "run": "digits", "rule": "block_structure", "state": state, "severity": "warning", "value": value, "step_last": step,
        "summary": f"Block structure in digits since step {step}",
    }


def test_matrices_and_alerts_can_be_read_back_from_the_log(publisher: Publisher, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    matrix, errors = snapshot().cka, snapshot().stderr
    written: list[int] = []
    thread = threading.Thread(
        target=lambda: written.append(livecka.tensorboard.follow("digits", tmp_path, publisher.endpoint, windows=["pass"]))
    )
    thread.start()
    publisher.subscriptions(3)
    layers = {"run": "digits", "layers": ["a", "b", "c"], "shape": [3, 3]}
    for seq, step in enumerate([10, 20]):
        publisher.publish("cka/digits/pass/", seq, matrix.tobytes(), errors.tobytes(), window="pass", step_last=step, **layers)
    publisher.publish("cka/digits/total/", 0, matrix.tobytes(), errors.tobytes(), window="total", step_last=20, **layers)
    publisher.publish("alert/digits/block_structure/f/", 0, **alert("firing", 20, 0.26))
    publisher.publish("event/digits/", 0, event="bye", run="digits")
    publisher.publish("alert/digits/block_structure/f/", 1, **alert("resolved", 30, 0.05))
    thread.join(30)
    assert written == [4]
    events = read(tmp_path)
    assert events.Tags()["images"] == ["cka/pass"]
    assert [image.step for image in events.Images("cka/pass")] == [10, 20]
    assert events.Images("cka/pass")[0].encoded_image_string == png(matrix)[0]
    scalars = {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    expected = {
        "cka/pass/mean": [(10, 0.5), (20, 0.5)], "cka/pass/adjacent": [(10, 0.5), (20, 0.5)],
        "cka/pass/stderr": [(10, 0.1), (20, 0.1)], "cka/pass/undefined_layers": [(10, 1), (20, 1)],
        "alert/block_structure/value": [(20, 0.26), (30, 0.05)], "alert/block_structure/firing": [(20, 1), (30, 0)],
    }
    assert set(scalars) == set(expected)
    for tag, values in expected.items():
        np.testing.assert_allclose(scalars[tag], values, rtol=1e-6)
    (tag,) = events.Tags()["tensors"]
    texts = [event.tensor_proto.string_val[0].decode() for event in events.Tensors(tag)]
    assert texts == [
        "**firing** (warning): Block structure in digits since step 20",
        "**resolved** (warning): Block structure in digits since step 30",
    ]


def test_the_command_follows_a_real_run_to_its_end(daemon: Daemon, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    session = daemon.emitter().session("log")
    session.send(4, activations(0), batch=0, batches=1)
    daemon.settled("log", accumulated=1)
    process = subprocess.Popen(
        [sys.executable, "-m", "livecka.tensorboard", "--run", "log", "--logdir", str(tmp_path), "--endpoint", daemon.publish,
         "--window", "pass", "--timeout", "20s"],
        env={**os.environ, "PYTHONPATH": str(Path(livecka.__file__).parents[1])}, stdout=subprocess.PIPE, text=True,
    )
    try:
        eventually(lambda: list(tmp_path.glob("events*")) and read(tmp_path).Tags()["images"], "the first image", 30)
        session.send(5, activations(1), batch=0, batches=1)
        session.say("bye", seq=2, sent=2, dropped=0, reason="finished")
        output, _ = process.communicate(timeout=40)
    finally:
        process.kill()
    assert process.returncode == 0 and "2 messages written" in output
    _, matrices = daemon.matrix("log", "pass")
    (last,) = [event.value for event in read(tmp_path).Scalars("cka/pass/adjacent") if event.step == 5]
    assert last == pytest.approx(np.diagonal(matrices["cka"], 1).mean(), rel=1e-6)


def test_tensorboardx_will_do(publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    with monkeypatch.context() as patch:
        without(patch, "tensorboard")
        writer = livecka.tensorboard._opened(str(tmp_path))
        livecka.tensorboard._write_matrix(writer, "cka/pass", snapshot().cka, snapshot().stderr, 3)
        livecka.tensorboard._write_alert(writer, alert("firing", 4, 0.2))
        writer.close()
    events = read(tmp_path)
    assert [image.step for image in events.Images("cka/pass")] == [3]
    assert events.Scalars("cka/pass/mean")[0].value == pytest.approx(0.5)
    assert "since step 4" in events.Tensors(events.Tags()["tensors"][0])[0].tensor_proto.string_val[0].decode()


def test_without_a_writer_a_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without(monkeypatch, "tensorboard", "tensorboardX")
    assert livecka.tensorboard.main(["--run", "a", "--logdir", str(tmp_path)]) == 1
    assert "pip install tensorboard" in capsys.readouterr().err
    assert livecka.tensorboard.main(["--run", "a/b", "--logdir", str(tmp_path)]) == 64
