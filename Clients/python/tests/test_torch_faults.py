"""Every function of the client fails in turn, and training cannot tell but for one warning."""

from __future__ import annotations

import inspect
import logging
import threading
import types
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import Ingest
from waiting import eventually

torch = pytest.importorskip("torch")
nn = torch.nn

import livecka  # noqa: E402
from livecka import _arrays, _budget, _messages, _outbox, _turns, monitor  # noqa: E402
from livecka.torch import (  # noqa: E402
    _capture,
    _features,
    _isolation,
    _payload,
    _probe,
    _selection,
    _tap,
    _transfer,
    watcher,
)

MODULES = [
    monitor, _outbox, _messages, _arrays, _budget, _turns, watcher, _tap, _capture, _features, _payload, _transfer, _isolation,
    _probe, _selection,
]
# The outermost: what shields the rest. There is nothing around them that could catch anything.
OUTERMOST = {
    "watch", "_Beginning.__call__", "_End.__call__", "Hook.__call__", "Outbox._run", "Watcher.__enter__", "Watcher.__exit__",
    "Monitor.__enter__", "Monitor.__exit__", "_Guarded.__enter__", "_Guarded.__exit__", "_disown_all", "_close_at_end",
}
# Read by a program, not by a training loop.
READINGS = {name for name, value in vars(watcher.Watcher).items() if isinstance(value, property)}


@pytest.fixture(autouse=True)
def quick_and_single(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(monitor, "_LINGER_SECONDS", 0.1)
    monkeypatch.setattr(_outbox, "_RESERVED_SECONDS", 0.05)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def client_functions() -> Iterator[Any]:
    """Every function and method that the client's modules define, with where it stands."""
    for module in MODULES:
        owners = [(module, "")] + [
            (value, f"{name}.") for name, value in vars(module).items()
            if inspect.isclass(value) and value.__module__ == module.__name__
        ]
        for owner, prefix in owners:
            for name, value in list(vars(owner).items()):
                function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
                is_own = isinstance(function, types.FunctionType) and function.__module__ == module.__name__
                code = inspect.unwrap(function).__code__ if is_own else None
                if code is None or code.co_filename != module.__file__ or name == "__reduce__":
                    continue
                if prefix + name in OUTERMOST or (owner is watcher.Watcher and name in READINGS):
                    continue
                yield pytest.param(owner, name, id=f"{module.__name__.removeprefix('livecka.')}.{prefix}{name}")


class Fault:
    """Stands in for a function and fails whenever it is called."""

    def __init__(self, error: type[BaseException], release: Any = None) -> None:
        self.count = 0
        self._error = error
        self._release = release

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        self.count += 1
        if self._release is not None:
            self._release.wait(20)
        raise self._error("injected")

    def put_in(self, patch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        """In the function's place; of a shielded method, inside its shield."""
        value = vars(owner)[name]
        if isinstance(value, property):
            patch.setattr(owner, name, property(lambda this: self(this)))
            return
        cells = dict(zip(getattr(value, "__code__", None).co_freevars, value.__closure__ or ())) if hasattr(
            value, "__code__") else {}
        if "method" in cells and "place" in cells:
            patch.setattr(cells["method"], "cell_contents", self)
        else:
            # A plain function, so that it binds as the method did.
            patch.setattr(owner, name, lambda *arguments, **keywords: self(*arguments, **keywords))


INPUTS = torch.randn(96, 6, generator=torch.Generator().manual_seed(1))
LABELS = torch.randint(0, 3, (96,), generator=torch.Generator().manual_seed(2))


def new_model() -> Any:
    torch.manual_seed(0)
    blocks = [nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Dropout(0.2)) for _ in range(2)]
    return nn.Sequential(*blocks, nn.Linear(6, 3))


def train(model: Any, watching: Any) -> list[float]:
    torch.manual_seed(5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    result = []
    for _ in range(5):
        chosen = torch.randperm(len(INPUTS))[:16]
        loss = nn.functional.cross_entropy(model(INPUTS[chosen]), LABELS[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if watching is not None:
            watching.step()
        result.append(loss.item())
    return result


EXPECTED: list[float] = []


def expected() -> list[float]:
    if not EXPECTED:
        EXPECTED.extend(train(new_model(), None))
    return EXPECTED


def watch_and_train(ingest: Ingest, model: Any, mode: str, is_heard: bool = True, **arguments: Any) -> Any:
    """A whole training run, from the first added line to the end."""
    probe = {"probe": (INPUTS[:16], LABELS[:16]), "batch_size": 8, "recalibrate": INPUTS[:16]} if mode == "probe" else {}
    watching = livecka.torch.watch(
        model, run="run", endpoint=ingest.endpoint, every=1, layers=r"\d\.0", budget=None, heartbeat=0.01,
        payload="gram" if mode == "tap" else "activations", **probe, **arguments,
    )
    try:
        eventually(lambda: ingest.socket.poll(1) >= 0 and watching.monitor.is_subscribed, timeout=1 if is_heard else 0.1)
    except (AssertionError, RuntimeError, AttributeError):
        pass  # the fault keeps it from listening
    with watching:
        assert train(model, watching) == expected()
    return watching


@pytest.mark.parametrize("mode", ["probe", "tap"])
@pytest.mark.parametrize(("owner", "name"), list(client_functions()))
def test_training_goes_on_whatever_fails(
    ingest: Ingest, caplog: pytest.LogCaptureFixture, owner: Any, name: str, mode: str
) -> None:
    model, fault = new_model(), Fault(RuntimeError)
    with caplog.at_level(logging.WARNING, "livecka"), pytest.MonkeyPatch.context() as patch:
        fault.put_in(patch, owner, name)
        watch_and_train(ingest, model, mode, is_heard=owner is not _outbox.Outbox)
    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) <= 1, warnings
    assert all(module._forward_hooks == {} == module._forward_pre_hooks for module in model.modules()) or fault.count
    assert all(module.training for module in model.modules())
    assert torch.is_grad_enabled() and torch.get_rng_state().numel() > 0


@pytest.mark.parametrize("mode", ["probe", "tap"])
def test_without_a_fault_batches_arrive(ingest: Ingest, caplog: pytest.LogCaptureFixture, mode: str) -> None:
    """What makes the test above one: the same run does all that could fail."""
    with caplog.at_level(logging.WARNING, "livecka"):
        watching = watch_and_train(ingest, new_model(), mode)
    assert watching.stats.sent == (10 if mode == "probe" else 4)
    assert caplog.records == []


@pytest.mark.parametrize("error", [MemoryError, torch.cuda.OutOfMemoryError])
@pytest.mark.parametrize("place", [(_payload, "copied"), (_payload, "packed_gram"), (_transfer.Transfer, "to_host")])
def test_no_memory_for_the_copy_costs_the_copy_alone(
    ingest: Ingest, caplog: pytest.LogCaptureFixture, place: Any, error: Any
) -> None:
    fault = Fault(error)
    with caplog.at_level(logging.WARNING, "livecka"), pytest.MonkeyPatch.context() as patch:
        fault.put_in(patch, *place)
        mode = "probe" if place[1] == "copied" else "tap"
        watching = watch_and_train(ingest, new_model(), mode)
        assert fault.count > 1
        assert sum(watching.faults.values()) > 1
    assert len(caplog.records) == 1


@pytest.mark.parametrize("mode", ["probe", "tap"])
@pytest.mark.parametrize("name", ["_serve", "_receive_subscriptions", "_send_next", "_send_batch", "_send", "_end"])
def test_a_sender_that_hangs_is_left_behind(ingest: Ingest, name: str, mode: str) -> None:
    release = threading.Event()
    fault = Fault(RuntimeError, release)
    with pytest.MonkeyPatch.context() as patch:
        fault.put_in(patch, _outbox.Outbox, name)
        watch_and_train(ingest, new_model(), mode, is_heard=False)
        release.set()


@pytest.mark.parametrize("mode", ["probe", "tap"])
def test_a_full_queue_costs_neither_time_nor_copies(ingest: Ingest, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setattr(_outbox.Outbox, "_send_batch", lambda *_: False)
    watching = watch_and_train(ingest, new_model(), mode, queue_bytes=3000)
    stats = watching.stats
    assert (stats.attempted, stats.sent, stats.dropped) == ((10, 0, 10) if mode == "probe" else (5, 0, 5))
    assert 0 < watching.counters.copies < (5 * 4 if mode == "probe" else 4 * 2)


def test_a_probe_set_larger_than_the_queue_is_swept_again_once_that_is_empty(ingest: Ingest) -> None:
    with livecka.torch.watch(
        new_model(), run="run", endpoint=ingest.endpoint, probe=INPUTS[:16], batch_size=8, every=1, budget=None,
        layers=r"\d\.0", queue_bytes=600,
    ) as watching:
        ingest.wait_for(watching.monitor)
        for _ in range(3):
            eventually(watching.step, "a sweep")
        eventually(lambda: watching.stats.queued == 0, "an empty queue")
    assert watching.counters.sweeps == 3 and watching.stats.sent >= 3
