"""The watcher: what it sends, and that training cannot tell it is there."""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from conftest import Ingest, Listen

torch = pytest.importorskip("torch")
nn = torch.nn

import livecka  # noqa: E402
from livecka.torch import Watcher, _isolation, _selection  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in the same order on every machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear, self.norm, self.dropout = nn.Linear(width, width), nn.BatchNorm1d(width), nn.Dropout(0.3)

    def forward(self, h: Any) -> Any:
        return h + self.dropout(torch.relu(self.norm(self.linear(h))))


class Classifier(nn.Module):
    """Everything that a sweep could disturb: BatchNorm, dropout and a layer that never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Linear(6, 8)
        self.blocks = nn.ModuleList(Residual(8) for _ in range(3))
        self.idle = nn.Linear(8, 8)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        h = self.stem(x)
        for block in self.blocks:
            h = block(h)
        return self.head(h)


INPUTS = torch.randn(96, 6, generator=torch.Generator().manual_seed(1))
LABELS = torch.randint(0, 3, (96,), generator=torch.Generator().manual_seed(2))
PROBE = (torch.randn(20, 6, generator=torch.Generator().manual_seed(3)), torch.arange(20) % 3)


def new_model(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return Classifier()


def watch(model: Any, ingest: Ingest, **arguments: Any) -> Watcher:
    """A strict watcher that somebody listens to."""
    watcher = livecka.torch.watch(
        model,
        **{
            "run": "run", "endpoint": ingest.endpoint, "probe": PROBE, "strict": True, "batch_size": 8, "budget": None,
            **arguments,
        },
    )
    ingest.wait_for(watcher.monitor)
    return watcher


# Training cannot tell


def losses(model: Any, watcher: Any, steps: int = 12) -> list[float]:
    """A training run's losses, bit by bit."""
    torch.manual_seed(5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    result = []
    for _ in range(steps):
        chosen = torch.randperm(len(INPUTS))[:16]
        loss = nn.functional.cross_entropy(model(INPUTS[chosen]), LABELS[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if watcher is not None:
            watcher.step()
        result.append(loss.item())
    return result


@pytest.mark.parametrize("recalibrate", [None, INPUTS[:32]])
def test_losses_and_state_are_the_same_to_the_last_bit_with_and_without_a_watcher(
    ingest: Ingest, recalibrate: Any
) -> None:
    alone, seen = new_model(), new_model()
    with watch(seen, ingest, every=3, recalibrate=recalibrate) as watcher:
        assert losses(alone, None) == losses(seen, watcher)
    assert watcher.stats is not None and watcher.stats.sent == 5 * 3  # steps 1, 3, 6, 9, 12
    for (name, expected), (_, actual) in zip(alone.state_dict().items(), seen.state_dict().items()):
        assert torch.equal(expected, actual), name
    for expected, actual in zip(alone.parameters(), seen.parameters()):
        assert (expected.grad is None) == (actual.grad is None)
        assert expected.grad is None or torch.equal(expected.grad, actual.grad)


def test_a_sweep_leaves_modes_buffers_momentum_and_generators_alone(ingest: Ingest) -> None:
    model = new_model()
    model.blocks[1].eval()  # frozen by the user
    model.blocks[2].norm.momentum = 0.25
    model(INPUTS)
    norms = [block.norm for block in model.blocks]
    before = [(n.running_mean, n.running_mean.clone(), n.running_mean._version, n.momentum) for n in norms]
    modes = [module.training for module in model.modules()]
    generators = (torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate())

    def disturbing(model: Any, inputs: Any) -> Any:
        torch.rand(3), np.random.rand(3), random.random()
        return model(inputs)

    with watch(model, ingest, recalibrate=INPUTS[:32], forward=disturbing) as watcher:
        assert watcher.sweep(1)
    assert [module.training for module in model.modules()] == modes
    for norm, (buffer, values, version, momentum) in zip(norms, before):
        assert norm.running_mean is buffer and torch.equal(buffer, values) and buffer._version == version
        assert norm.momentum == momentum
    assert torch.equal(generators[0], torch.get_rng_state())
    assert np.array_equal(generators[1], np.random.get_state()[1])
    assert generators[2] == random.getstate()


def test_a_failing_model_is_left_as_it_was_and_training_goes_on(
    ingest: Ingest, caplog: pytest.LogCaptureFixture
) -> None:
    model = new_model()

    def failing(model: Any, inputs: Any) -> Any:
        model(inputs)
        raise RuntimeError("out of memory")

    with watch(model, ingest, recalibrate=INPUTS[:32], forward=failing, strict=False, every=1) as watcher:
        means = [block.norm.running_mean for block in model.blocks]
        assert [watcher.step() for _ in range(3)] == [False] * 3
        assert watcher.faults == {"watch this step: RuntimeError": 3}
    assert caplog.text.count("out of memory") == 1
    assert all(module.training for module in model.modules())
    assert all(block.norm.running_mean is mean for block, mean in zip(model.blocks, means))
    assert hook_count(model) == 0
    with watch(model, ingest, forward=failing) as strict:
        with pytest.raises(RuntimeError, match="out of memory"):
            strict.step()


def hook_count(model: Any) -> int:
    return sum(len(module._forward_hooks) for module in model.modules())


def test_hooks_stand_only_during_a_sweep_and_training_forwards_are_not_seen(ingest: Ingest) -> None:
    model = new_model()
    counts = []

    def counting(model: Any, inputs: Any) -> Any:
        counts.append(hook_count(model))
        return model(inputs)

    with watch(model, ingest, forward=counting, every=1) as watcher:
        assert hook_count(model) == 0
        for _ in range(2):
            model(INPUTS)
            watcher.step()
        assert hook_count(model) == 0
        assert counts == [3] * 6
        assert watcher.stats is not None and watcher.stats.attempted == 6


def test_without_a_listener_there_is_no_sweep_and_the_wait_is_bounded() -> None:
    def never(model: Any, inputs: Any) -> Any:
        raise AssertionError("swept for nobody")

    with livecka.torch.watch(
        new_model(), run="run", probe=PROBE, endpoint="tcp://127.0.0.1:*", bind=True, wait="50ms", every=1,
        strict=True, forward=never,
    ) as watcher:
        assert [watcher.step() for _ in range(5)] == [False] * 5


def test_the_first_sweep_waits_for_a_listener(open_ingest: Listen) -> None:
    watcher = livecka.torch.watch(
        new_model(), run="run", probe=PROBE, endpoint="tcp://127.0.0.1:*", bind=True, wait="10s", strict=True
    )
    assert watcher.monitor is not None
    with watcher:
        ingest = open_ingest(watcher.monitor.endpoint).listen()
        # A connected SUB socket subscribes from libzmq's own thread: the wait alone is enough.
        assert watcher.step()
        ingest.receive("batch")


# What is sent


def test_a_sweep_is_a_pass_over_the_probe_set(ingest: Ingest) -> None:
    model = new_model()
    with watch(model, ingest, probe_name="held-out", examples=[f"id{i}" for i in range(20)]) as watcher:
        hello, _ = ingest.receive("hello")
        assert hello["meta"] == {
            "framework": f"torch {torch.__version__}", "model": "Classifier", "mode": "probe", "payload": "activations",
            "every": 10,
        }
        assert watcher.step(40)
        batches = [ingest.receive("batch") for _ in range(3)]
    model.eval()
    with torch.no_grad():
        expected = [model.stem(PROBE[0])]
        for block in model.blocks:
            expected.append(block(expected[-1]))
        answers = model.head(expected[-1]).argmax(1)
    for index, (header, frames) in enumerate(batches):
        rows = slice(8 * index, min(8 * index + 8, 20))
        names = [f"blocks.{i}" for i in range(3)]
        assert (header["step"], header["batch"], header["batches"], header["probe"]) == (40, index, 3, "held-out")
        assert header["examples"] == [f"id{i}" for i in range(20)][rows]
        assert header["labels"] == PROBE[1][rows].tolist()
        assert header["predictions"] == answers[rows].tolist()
        assert [entry["layer"] for entry in header["tensors"]] == names
        for frame, truth in zip(frames, expected[1:]):
            sent = np.frombuffer(frame, "<f4").reshape(truth[rows].shape)
            np.testing.assert_allclose(sent, truth[rows].numpy(), rtol=1e-5, atol=1e-6)


def test_recalibration_uses_the_plain_average_over_the_given_batches(ingest: Ingest) -> None:
    model = nn.Sequential(nn.BatchNorm1d(6))
    calibration = INPUTS[:32] * 3 + 1
    with watch(model, ingest, layers="0", recalibrate=[calibration[:16], calibration[16:]]) as watcher:
        watcher.sweep(0)
        header, (frame,) = ingest.receive("batch")
    mean = torch.stack([part.mean(0) for part in calibration.split(16)]).mean(0)
    variance = torch.stack([part.var(0) for part in calibration.split(16)]).mean(0)
    expected = (PROBE[0][:8] - mean) / torch.sqrt(variance + 1e-5)
    np.testing.assert_allclose(np.frombuffer(frame, "<f4").reshape(8, 6), expected.numpy(), rtol=1e-4, atol=1e-5)


def test_sweeps_come_at_the_first_call_and_at_multiples(ingest: Ingest) -> None:
    with watch(new_model(), ingest, every=4) as watcher:
        assert [watcher.step() for _ in range(9)] == [step in (1, 4, 8) for step in range(1, 10)]
        assert [watcher.step(step) for step in (0, 11, 12)] == [True, False, True]


def test_layers_in_order_of_execution_with_a_suffix_for_repeated_calls(ingest: Ingest) -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last, self.shared = nn.Linear(6, 2), nn.Linear(6, 6)

        def forward(self, x: Any) -> Any:
            return self.last(self.shared(self.shared(x)))

    with watch(Shared(), ingest) as watcher:
        watcher.step()
        header, _ = ingest.receive("batch")
    assert [entry["layer"] for entry in header["tensors"]] == ["shared#1", "shared#2", "last"]


def test_layers_that_cannot_be_sent_are_named_once(ingest: Ingest, caplog: pytest.LogCaptureFixture) -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pair, self.total, self.idle = nn.LSTM(6, 4, batch_first=True), nn.Flatten(0), nn.Linear(6, 6)

        def forward(self, x: Any) -> Any:
            h, _ = self.pair(x[:, None])
            self.total(h)
            return h

    with watch(Odd(), ingest, layers=lambda name, module: True, every=1) as watcher:
        with caplog.at_level(logging.WARNING, "livecka"):
            for _ in range(3):
                watcher.step()
        header, _ = ingest.receive("batch")
    assert [(entry["layer"], entry["shape"]) for entry in header["tensors"]] == [("pair", [8, 1, 4])]
    assert len(caplog.records) == 1
    assert "idle did not run" in caplog.text and "total put out shape [32] for 8 examples" in caplog.text


def test_outputs_are_copied_before_the_next_layer_works_in_place(ingest: Ingest) -> None:
    model = nn.Sequential(nn.Linear(6, 6), nn.ReLU(inplace=True))
    with watch(model, ingest, layers=["0", "1"]) as watcher:
        watcher.step()
        _, (linear, relu) = ingest.receive("batch")
    assert (np.frombuffer(linear, "<f4") < 0).any()
    assert (np.frombuffer(relu, "<f4") >= 0).all()


@pytest.mark.parametrize("precision", ["bfloat16", "float16", "float64"])
def test_models_of_other_precision_send_it(ingest: Ingest, precision: str) -> None:
    dtype = getattr(torch, precision)
    expected = {"bfloat16": "BF16", "float16": "F16", "float64": "F64"}[precision]
    with watch(nn.Sequential(nn.Linear(6, 6)).to(dtype), ingest, probe=PROBE[0].to(dtype)) as watcher:
        watcher.step()
        header, _ = ingest.receive("batch")
    assert header["tensors"][0]["dtype"] == expected
    assert "labels" not in header and "predictions" not in header


@pytest.mark.parametrize(
    "probe",
    [
        [PROBE[0][:8], PROBE[0][8:]],
        [(PROBE[0][:8], PROBE[1][:8]), [PROBE[0][8:], PROBE[1][8:]]],
        [{"x": PROBE[0][:8], "labels": PROBE[1][:8]}, {"x": PROBE[0][8:], "labels": PROBE[1][8:]}],
    ],
)
def test_probe_batches_may_be_tensors_pairs_or_keyword_arguments(ingest: Ingest, probe: Any) -> None:
    with watch(new_model(), ingest, probe=probe) as watcher:
        watcher.step()
        headers = [ingest.receive("batch")[0] for _ in range(2)]
    assert [header["examples"] for header in headers] == [list(range(8)), list(range(8, 20))]
    assert all(("labels" in header) == (not isinstance(probe[0], torch.Tensor)) for header in headers)


def test_a_rest_of_fewer_than_four_examples_joins_the_batch_before_it(ingest: Ingest) -> None:
    with watch(new_model(), ingest, probe=PROBE[0][:18]) as watcher:
        watcher.step()
        sizes = [ingest.receive("batch")[0]["tensors"][0]["shape"][0] for _ in range(2)]
    assert sizes == [8, 10]


def test_wrappers_are_taken_off(ingest: Ingest) -> None:
    with watch(nn.DataParallel(torch.compile(new_model(), backend="eager")), ingest) as watcher:
        watcher.step()
        assert ingest.receive("batch")[0]["tensors"][0]["layer"] == "blocks.0"


# Which layers


def resnet() -> Any:
    """Stages of blocks, with a stage of a single block, and shortcuts that are lists themselves."""

    class Bottleneck(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1)
            self.downsample = nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2))

    model = nn.Module()
    model.stem = nn.Conv2d(3, 2, 1)
    model.layer1, model.layer2 = nn.Sequential(Bottleneck(), Bottleneck()), nn.Sequential(Bottleneck())
    return model


def stages() -> Any:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention, self.mlp = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))

    class Stage(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList([Block(), Block()])

    return nn.Sequential(Stage(), Stage())


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (resnet(), ["layer1.0", "layer1.1", "layer2.0"]),
        (stages(), ["0.blocks.0", "0.blocks.1", "1.blocks.0", "1.blocks.1"]),
        (Classifier(), ["blocks.0", "blocks.1", "blocks.2"]),
        (nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)), ["0", "2"]),
    ],
)
def test_auto_finds_the_outputs_of_repeated_blocks(model: Any, expected: list[str]) -> None:
    assert list(_selection.selected(model, "auto")) == expected


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("stem", ["stem"]),
        (["head", "stem"], ["stem", "head"]),
        (r"blocks\.\d", ["blocks.0", "blocks.1", "blocks.2"]),
        (re.compile(r".*norm"), [f"blocks.{i}.norm" for i in range(3)]),
        (lambda name, module: isinstance(module, nn.Dropout), [f"blocks.{i}.dropout" for i in range(3)]),
    ],
)
def test_layers_by_name_expression_and_predicate(layers: Any, expected: list[str]) -> None:
    assert list(_selection.selected(Classifier(), layers)) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        {"layers": "nothing"}, {"layers": ["stem", "nothing"]}, {"layers": lambda name, module: False}, {"every": 0},
        {"probe": PROBE[0][:3]}, {"probe": []}, {"probe": (PROBE[0], PROBE[1][:3])}, {"wait": "soon"}, {"run": "a b"},
        {"examples": [1, 2]}, {"batch_size": 2}, {"probe": [PROBE[0], PROBE[0][:2]]},
    ],
)
def test_wrong_arguments_raise_at_once(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        livecka.torch.watch(Classifier(), **{"run": "run", "probe": PROBE, **arguments})


def test_livecka_disable_turns_the_watcher_off(monkeypatch: pytest.MonkeyPatch, ingest: Ingest) -> None:
    monkeypatch.setenv("LIVECKA_DISABLE", "1")
    with livecka.torch.watch(new_model(), run="run", probe=PROBE, endpoint=ingest.endpoint) as watcher:
        assert not watcher.step()


def test_isolation_restores_after_an_exception() -> None:
    model = new_model()
    with pytest.raises(KeyboardInterrupt), _isolation.undisturbed(model):
        assert not any(module.training for module in model.modules())
        raise KeyboardInterrupt
    assert all(module.training for module in model.modules())
    assert torch.is_grad_enabled()
