"""Reductions, what counts as an output, the way to the host, and what a watcher says of itself."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import reference
from conftest import Ingest
from waiting import eventually

torch = pytest.importorskip("torch")
nn = torch.nn

import livecka  # noqa: E402
from livecka.torch import Watcher, _isolation, _transfer  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@dataclass
class Answer:
    mask: Any
    hidden: Any


class Sequences(nn.Module):
    """n × 5 positions × 4 features; a dataclass, a dictionary, a tuple with integers first, and no tensor at all."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third, self.fourth = (nn.Linear(4, 4) for _ in range(4))
        self.dataclass, self.mapping, self.tuple, self.nothing = (nn.Identity() for _ in range(4))

    def forward(self, x: Any) -> Any:
        x = self.dataclass(Answer(torch.ones(len(x), dtype=torch.long), self.first(x))).hidden
        x = self.mapping({"hidden": self.second(x)})["hidden"]
        x = self.tuple((torch.ones(len(x), dtype=torch.long), [self.third(x)]))[1][0]
        self.nothing("text")
        return self.fourth(x)


INPUTS = torch.randn(8, 5, 4, generator=torch.Generator().manual_seed(1))


def watch(model: Any, ingest: Ingest, **arguments: Any) -> Watcher:
    watcher = livecka.torch.watch(
        model, **{"run": "run", "endpoint": ingest.endpoint, "every": 1, "strict": True, "budget": None, **arguments}
    )
    assert watcher.monitor is not None
    ingest.wait_for(watcher.monitor)
    return watcher


def outputs_of(model: Any) -> dict[str, Any]:
    with torch.no_grad():
        first = model.first(INPUTS)
        second = model.second(first)
        return {"first": first, "second": second, "third": model.third(second)}


@pytest.mark.parametrize("mode", ["probe", "tap"])
def test_tuples_mappings_and_dataclasses_are_looked_into(
    ingest: Ingest, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    model = Sequences()
    expected = list(outputs_of(model).values())
    wanted = ["dataclass", "mapping", "tuple", "nothing"]
    with watch(model, ingest, layers=wanted, **({"probe": INPUTS} if mode == "probe" else {})) as watcher:
        watcher.step()
        model(INPUTS)
        header, frames = ingest.receive("batch")
        assert (watcher.layers, watcher.silent) == (wanted[:3], {"nothing": "put out no tensor"})
    assert [entry["layer"] for entry in header["tensors"]] == wanted[:3]
    for frame, truth in zip(frames, expected):
        np.testing.assert_allclose(np.frombuffer(frame, "<f4").reshape(8, 5, 4), truth, rtol=1e-5, atol=1e-6)
    assert "3 of 4 layers fire" in caplog.text


@pytest.mark.parametrize("payload", ["gram", "activations"])
def test_the_mean_over_positions(ingest: Ingest, payload: str) -> None:
    model = Sequences()
    with watch(model, ingest, layers="third", reduction="mean", probe=INPUTS, payload=payload) as watcher:
        watcher.step()
        _, (frame,) = ingest.receive("batch")
    truth = outputs_of(model)["third"].double().mean(1).numpy()
    sent = np.frombuffer(frame, "<f4")
    if payload == "gram":
        truth = reference.gram(truth)[np.triu_indices(8)]
    assert np.abs(sent - truth.reshape(-1)).max() <= 1e-5 * np.abs(truth).max()


def test_the_mean_of_pictures_is_taken_over_height_and_width(ingest: Ingest) -> None:
    model = nn.Sequential(nn.Conv2d(3, 6, 3))
    pictures = torch.randn(8, 3, 7, 5, generator=torch.Generator().manual_seed(0))
    with watch(model, ingest, layers="0", reduction="mean", probe=pictures) as watcher:
        watcher.step()
        header, (frame,) = ingest.receive("batch")
    assert header["tensors"][0]["shape"] == [8, 6]
    truth = model(pictures).mean((2, 3)).detach().numpy()
    np.testing.assert_allclose(np.frombuffer(frame, "<f4").reshape(8, 6), truth, rtol=1e-5, atol=1e-6)


def test_positions_as_examples_are_a_fixed_sample_for_all_layers(ingest: Ingest) -> None:
    model = Sequences()
    layers = ["first", "second", "third"]
    with watch(model, ingest, layers=layers, reduction="positions", positions=12, probe=INPUTS) as watcher:
        messages = []
        for _ in range(2):
            watcher.step()
            messages.append(ingest.receive("batch"))
    (header, frames), (again, _) = messages
    assert header["examples"] == again["examples"] and len(set(header["examples"])) == 12
    places = [tuple(map(int, name.split("/"))) for name in header["examples"]]
    assert places == sorted(places)
    for frame, truth in zip(frames, outputs_of(model).values()):
        rows = np.stack([truth[example, position].numpy() for example, position in places])
        np.testing.assert_allclose(np.frombuffer(frame, "<f4").reshape(12, 4), rows, rtol=1e-5, atol=1e-6)


def test_a_function_reduces_as_it_likes(ingest: Ingest) -> None:
    with watch(
        Sequences(), ingest, layers=["first", "second"], probe=INPUTS,
        reduction=lambda name, tensor: tensor[:, 0 if name == "first" else -1],
    ) as watcher:
        watcher.step()
        header, _ = ingest.receive("batch")
    assert [entry["shape"] for entry in header["tensors"]] == [[8, 4], [8, 4]]


def test_an_input_that_the_model_changes_in_place_stays(ingest: Ingest) -> None:
    model = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(4, 4))
    given = INPUTS.clone()
    with watch(model, ingest, layers="1", probe=given) as watcher:
        watcher.step()
        ingest.receive("batch")
    assert torch.equal(given, INPUTS)


# The way to the host


class Accelerator:
    """Streams and events that do their work when told to, and say in which order they were asked."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.has_arrived = False

    def Stream(self, device: Any) -> Any:  # noqa: N802
        return Stream(self, "side")

    def current_stream(self, device: Any) -> Any:
        return Stream(self, "training")

    def stream(self, stream: Any) -> Any:
        self.calls.append(f"on {stream.name}")
        import contextlib

        return contextlib.nullcontext()

    def Event(self) -> Any:  # noqa: N802
        accelerator = self

        class Event:
            def record(self, stream: Any) -> None:
                accelerator.calls.append(f"event on {stream.name}")

            def query(self) -> bool:
                return accelerator.has_arrived

            def synchronize(self) -> None:
                raise AssertionError("waited for the device")

        return Event()


class Stream:
    def __init__(self, accelerator: Accelerator, name: str) -> None:
        self.accelerator, self.name = accelerator, name

    def wait_stream(self, other: Any) -> None:
        self.accelerator.calls.append(f"{self.name} waits for {other.name}")

    def synchronize(self) -> None:
        raise AssertionError("waited for the device")


class Transfer(_transfer.Transfer):
    """Takes every tensor for one of the accelerator's."""

    def _is_accelerated(self, tensor: Any) -> bool:
        return True

    def _pinned(self, tensor: Any) -> Any:
        return torch.zeros_like(tensor)

    def _copied(self, tensor: Any, stream: Any) -> Any:
        self._accelerator.calls.append("copy")
        host = self._pinned(tensor)
        host.copy_(tensor, non_blocking=True)
        return host


def test_a_batch_is_sent_when_its_copies_have_arrived_and_training_does_not_wait(ingest: Ingest) -> None:
    accelerator = Accelerator()
    with watch(Sequences(), ingest, layers="first", probe=INPUTS, payload="gram") as watcher:
        watcher._transfer = Transfer(accelerator)
        assert watcher.step()
        assert accelerator.calls == ["side waits for training", "on side", "copy", "event on side"]
        assert watcher.stats is not None and (watcher.stats.queued, watcher.stats.sent) == (1, 0)
        accelerator.has_arrived = True
        header, _ = ingest.receive("batch")
        assert header["tensors"][0]["kind"] == "gram"


# What a watcher says of itself


def test_alive_says_how_often_and_at_what_cost(ingest: Ingest) -> None:
    with watch(Sequences(), ingest, probe=INPUTS, every=5, budget="50%", heartbeat="20ms") as watcher:
        watcher.step()

        def told() -> Any:
            alive, _ = ingest.receive("alive")
            return alive if "every" in alive else None

        alive = eventually(told, "alive with the cost")
        assert (alive["every_asked"], alive["budget"]) == (5, 0.5)
        assert 0 < alive["cost"]
        assert watcher.cost.seconds > 0


def test_a_budget_leaves_sweeps_out_and_counts_them(ingest: Ingest) -> None:
    with watch(Sequences(), ingest, probe=INPUTS, budget="0.01%") as watcher:
        assert [watcher.step() for _ in range(20)] == [True] + [False] * 19
        assert (watcher.counters.sweeps, watcher.counters.postponed) == (1, 19)
        assert watcher.stats is not None and watcher.stats.attempted == 1


def test_ten_restarts_in_a_notebook_leave_one_thread_and_no_sockets(ingest: Ingest) -> None:
    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))

    kept: list[Watcher] = []  # as a notebook's history keeps what a cell gave
    threads, files = threading.active_count(), 0
    for _ in range(10):
        kept.append(watch(Sequences(), ingest, probe=INPUTS))
        kept[-1].step()
        assert threading.active_count() == threads + 1
        gc.collect()
        files = files or open_files()
    assert open_files() <= files + 2
    assert [message["reason"] for message, _ in (until_bye(ingest) for _ in range(9))] == ["interrupted"] * 9
    kept[-1].close()
    assert threading.active_count() == threads


def until_bye(ingest: Ingest) -> Any:
    return ingest.until_bye()[-1]


# Isolation


def test_buffers_of_any_kind_come_back_as_they_were(ingest: Ingest) -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(4, 4)
            self.register_buffer("calls", torch.zeros(()))
            self.shared = self.linear
            self.register_buffer("twin", self.calls)

        def forward(self, x: Any) -> Any:
            self.calls += 1
            assert self.twin == self.calls  # shared as before
            return self.linear(x)

    model = Counting()
    calls = model.calls
    with watch(model, ingest, probe=INPUTS, layers="linear") as watcher:
        watcher.step()
        ingest.receive("batch")
    assert model.calls is calls and model.twin is calls and calls.item() == 0


@pytest.mark.parametrize("around", [True, False])
@pytest.mark.parametrize("own", [None, torch.bfloat16])
def test_a_sweep_is_cast_as_asked_whatever_is_on_around_it(ingest: Ingest, around: bool, own: Any) -> None:
    model = nn.Sequential(nn.Linear(4, 4))
    with watch(model, ingest, probe=INPUTS, autocast=own) as watcher:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=around):
            watcher.step()
            assert torch.is_autocast_enabled("cpu") == around
            model(INPUTS).float().sum().backward()  # weights cast in the sweep would have no gradient here
        header, _ = ingest.receive("batch")
    assert model[0].weight.grad is not None
    assert header["tensors"][0]["dtype"] == ("F32" if own is None else "BF16")


def test_a_forward_that_casts_by_itself_leaves_nothing_in_the_cache(ingest: Ingest) -> None:
    model = nn.Sequential(nn.Linear(4, 4))

    def casting(model: Any, inputs: Any) -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return model(inputs)

    with watch(model, ingest, probe=INPUTS, forward=casting) as watcher:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            watcher.step()
            model(INPUTS).float().sum().backward()
        assert ingest.receive("batch")[0]["tensors"][0]["dtype"] == "BF16"
    assert model[0].weight.grad is not None


def test_hooks_of_others_stay_and_can_tell_a_sweep(ingest: Ingest) -> None:
    model, seen = nn.Sequential(nn.Linear(4, 4)), []
    model[0].register_forward_hook(lambda *_: seen.append(livecka.torch.is_sweeping()))
    before = list(model[0]._forward_hooks)
    with watch(model, ingest, probe=INPUTS) as watcher:
        watcher.step()
        model(INPUTS)
    assert seen == [True, False] and list(model[0]._forward_hooks) == before


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("use_reentrant", [True, False])
def test_checkpointed_models_are_swept_without_a_warning(ingest: Ingest, use_reentrant: bool) -> None:
    from torch.utils import checkpoint

    class Checkpointed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x: Any) -> Any:
            return checkpoint.checkpoint(self.layer, x, use_reentrant=use_reentrant)

    check = checkpoint.check_backward_validity
    with watch(Checkpointed(), ingest, probe=INPUTS) as watcher:
        assert watcher.step()
        assert [entry["layer"] for entry in ingest.receive("batch")[0]["tensors"]] == ["layer"]
    assert checkpoint.check_backward_validity is check


def test_an_interrupted_sweep_leaves_the_model_as_it_was(ingest: Ingest) -> None:
    model = nn.Sequential(nn.BatchNorm1d(5), nn.Linear(4, 4))
    mean = model[0].running_mean

    def interrupted(model: Any, inputs: Any) -> Any:
        model(inputs)
        raise KeyboardInterrupt

    with watch(model, ingest, probe=INPUTS, forward=interrupted, strict=False) as watcher:
        with pytest.raises(KeyboardInterrupt):
            watcher.step()
    assert all(module.training and not module._forward_hooks for module in model.modules())
    assert model[0].running_mean is mean and not mean.any()
    assert torch.is_grad_enabled() and not _isolation.is_sweeping()


@pytest.mark.parametrize(
    "arguments",
    [{"payload": "text"}, {"reduction": "none"}, {"positions": 2}, {"budget": "all"}, {"ranks": "some"}, {"every": 0}],
)
def test_wrong_arguments_raise_at_once(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        livecka.torch.watch(Sequences(), run="run", **arguments)
