"""Tap mode: the training batch itself, once for each sampled forward, whatever runs it."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import reference
from conftest import Ingest

torch = pytest.importorskip("torch")
nn = torch.nn

import livecka  # noqa: E402
from livecka.torch import Watcher  # noqa: E402

# The compiler's own, while it traces.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:torch"),
]
SOURCE = Path(__file__).parents[1] / "src"
TESTS = Path(__file__).parent


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    if "torch._dynamo" in sys.modules:
        torch._dynamo.reset()


class Residual(nn.Module):
    def __init__(self, width: int, checkpointing: Any) -> None:
        super().__init__()
        self.linear, self.norm, self.dropout = nn.Linear(width, width), nn.BatchNorm1d(width), nn.Dropout(0.2)
        self.checkpointing = checkpointing

    def inner(self, h: Any) -> Any:
        return h + self.dropout(torch.relu(self.norm(self.linear(h))))

    def forward(self, h: Any) -> Any:
        return self.inner(h)


class Classifier(nn.Module):
    """Residual blocks, each put under activation checkpointing if asked for."""

    def __init__(self, checkpointing: Any = None) -> None:
        super().__init__()
        self.stem = nn.Linear(6, 8)
        self.blocks = nn.ModuleList(Residual(8, checkpointing) for _ in range(3))
        self.head = nn.Linear(8, 3)
        self.checkpointing = checkpointing

    def forward(self, x: Any) -> Any:
        h = self.stem(x)
        for block in self.blocks:
            if self.checkpointing is None:
                h = block(h)
            else:
                h = torch.utils.checkpoint.checkpoint(block, h, use_reentrant=self.checkpointing == "reentrant")
        return self.head(h)


INPUTS = torch.randn(96, 6, generator=torch.Generator().manual_seed(1))
LABELS = torch.randint(0, 3, (96,), generator=torch.Generator().manual_seed(2))
STEPS, EVERY = 9, 3
# The first call of `step` arms the forward behind it, then every third; behind the last step no forward comes.
SAMPLED = [1, 3, 6]


def new_model(**arguments: Any) -> Any:
    torch.manual_seed(0)
    return Classifier(**arguments)


def tap(model: Any, ingest: Ingest, **arguments: Any) -> Watcher:
    watcher = livecka.torch.watch(
        model, **{"run": "run", "endpoint": ingest.endpoint, "every": EVERY, "strict": True, "budget": None, **arguments}
    )
    if watcher.monitor is not None:
        ingest.wait_for(watcher.monitor)
    return watcher


Context = Callable[[], Any]


def train(
    model: Any, watcher: Any, forward: Any = None, context: Context = torch.enable_grad, micro_batches: int = 1
) -> list[float]:
    """A training run's losses, bit by bit."""
    forward = model if forward is None else forward
    torch.manual_seed(5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    result = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        for _ in range(micro_batches):
            chosen = torch.randperm(len(INPUTS))[:16]
            with context():
                loss = nn.functional.cross_entropy(forward(INPUTS[chosen]).float(), LABELS[chosen])
            loss.backward()
            result.append(loss.item())
        optimizer.step()
        if watcher is not None:
            watcher.step()
    return result


def received(ingest: Ingest, count: int) -> list[Any]:
    return [ingest.receive("batch") for _ in range(count)]


def hook_count(model: Any) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def bfloat16() -> Any:
    return torch.autocast("cpu", dtype=torch.bfloat16)


def compiled_before(model: Any) -> tuple[Any, Any]:
    wrapper = torch.compile(model, backend="eager")
    return wrapper, wrapper


def compiled_after(model: Any) -> tuple[Any, Any]:
    return model, torch.compile(model, backend="eager")


def compiled_in_place(model: Any) -> tuple[Any, Any]:
    model.compile(backend="eager")
    return model, model


def compiled_parts(model: Any) -> tuple[Any, Any]:
    for block in model.blocks:
        block.compile(backend="eager")
    return model, model


def compiled_by_inductor(model: Any) -> tuple[Any, Any]:
    wrapper = torch.compile(model)
    return wrapper, wrapper


def eager(model: Any) -> tuple[Any, Any]:
    return model, model


# Once for each sampled forward, with the losses of a run that is not watched


@pytest.mark.parametrize(
    ("prepare", "arguments", "context", "micro_batches"),
    [
        pytest.param(eager, {}, torch.enable_grad, 1, id="eager"),
        pytest.param(eager, {}, bfloat16, 1, id="autocast"),
        pytest.param(eager, {}, torch.enable_grad, 3, id="accumulation"),
        pytest.param(eager, {"checkpointing": "reentrant"}, torch.enable_grad, 1, id="reentrant"),
        pytest.param(eager, {"checkpointing": "non-reentrant"}, torch.enable_grad, 1, id="non-reentrant"),
        pytest.param(eager, {"checkpointing": "non-reentrant"}, bfloat16, 2, id="all-three"),
        pytest.param(compiled_before, {}, torch.enable_grad, 1, id="compiled-before"),
        pytest.param(compiled_after, {}, torch.enable_grad, 1, id="compiled-after"),
        pytest.param(compiled_in_place, {}, torch.enable_grad, 1, id="compiled-in-place"),
        pytest.param(compiled_parts, {}, torch.enable_grad, 1, id="compiled-parts"),
        pytest.param(compiled_before, {}, bfloat16, 2, id="compiled-autocast"),
        pytest.param(compiled_by_inductor, {}, torch.enable_grad, 1, id="compiled-inductor"),
    ],
)
def test_each_tap_fires_exactly_once_per_sampled_forward_and_losses_are_the_same(
    ingest: Ingest, prepare: Any, arguments: Any, context: Context, micro_batches: int
) -> None:
    _, forward = prepare(model := new_model(**arguments))
    alone = train(model, None, forward, context, micro_batches)
    watched_state = model.state_dict()
    if prepare is not eager:
        torch._dynamo.reset()
    given, forward = prepare(model := new_model(**arguments))
    with tap(given, ingest) as watcher:
        assert train(model, watcher, forward, context, micro_batches) == alone
        messages = received(ingest, len(SAMPLED))
        assert watcher.stats is not None and watcher.stats.attempted == len(SAMPLED)
        assert (watcher.counters.taps, watcher.counters.missed) == (len(SAMPLED), 0)
    for (header, _), step in zip(messages, SAMPLED):
        assert (header["step"], header["batch"], header["batches"], header["phase"]) == (step, 0, 1, "train")
        assert [(t["layer"], t["shape"][0]) for t in header["tensors"]] == [(f"blocks.{i}", 16) for i in range(3)]
    assert hook_count(model) == 0
    for (name, expected), actual in zip(watched_state.items(), model.state_dict().values()):
        assert torch.equal(expected, actual), name


@pytest.mark.parametrize("prepare", [compiled_before, compiled_after, compiled_in_place, compiled_parts])
def test_a_tap_never_makes_the_compiler_work_again(
    ingest: Ingest, prepare: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch._dynamo

    given, forward = prepare(model := new_model())
    nn.functional.cross_entropy(forward(INPUTS[:16]), LABELS[:16]).backward()
    nn.functional.cross_entropy(forward(INPUTS[:16]), LABELS[:16]).backward()
    compiled = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    probing = livecka.torch.watch(
        given, run="probing", endpoint=ingest.endpoint, probe=INPUTS[:16], every=EVERY, strict=True, budget=None
    )
    with tap(given, ingest) as watcher, probing:
        ingest.wait_for(probing.monitor)
        for _ in range(STEPS):
            watcher.step()
            probing.step()
            nn.functional.cross_entropy(forward(INPUTS[:16]), LABELS[:16]).backward()
        assert (watcher.counters.taps, probing.counters.sweeps) == (4, 4)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == compiled


def test_a_compiled_sequential_is_found_after_a_miss(ingest: Ingest) -> None:
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    with tap(model, ingest, layers=["0", "2"]) as watcher:
        train(model, watcher, torch.compile(model, backend="eager"))
        assert (watcher.counters.taps, watcher.counters.missed) == (len(SAMPLED) - 1, 1)


# What arrives


def by_plain_hooks(model: Any, inputs: Any, context: Context = torch.enable_grad) -> dict[str, Any]:
    """The blocks' outputs as plain PyTorch sees them, in Float64."""
    outputs: dict[str, Any] = {}
    handles = [
        block.register_forward_hook(lambda m, i, o, name=f"blocks.{i}": outputs.update({name: o.detach().double()}))
        for i, block in enumerate(model.blocks)
    ]
    with context():
        model(inputs)
    for handle in handles:
        handle.remove()
    return {name: tensor.numpy() for name, tensor in outputs.items()}


def assert_gram(frame: bytes, activations: Any) -> None:
    expected = reference.gram(activations)
    sent = np.frombuffer(frame, "<f4").astype(np.float64)
    truth = expected[np.triu_indices(len(expected))]
    assert np.abs(sent - truth).max() <= 1e-5 * np.abs(truth).max()


@pytest.mark.parametrize("prepare", [eager, compiled_before])
@pytest.mark.parametrize("context", [torch.enable_grad, bfloat16])
@pytest.mark.parametrize("payload", ["gram", "activations"])
def test_what_arrives_is_what_plain_pytorch_captures(
    ingest: Ingest, payload: str, context: Context, prepare: Any
) -> None:
    given, forward = prepare(model := new_model())
    twin = copy.deepcopy(model)
    with tap(given, ingest, payload=payload, every=1) as watcher:
        watcher.step()
        torch.manual_seed(7)
        with context():
            forward(INPUTS[:16])
        header, frames = ingest.receive("batch")
    torch.manual_seed(7)
    expected = by_plain_hooks(twin, INPUTS[:16], context)
    assert [entry["layer"] for entry in header["tensors"]] == list(expected)
    for entry, frame, truth in zip(header["tensors"], frames, expected.values()):
        if payload == "gram":
            assert (entry["kind"], entry["packed"], entry["dtype"], entry["shape"]) == ("gram", True, "F32", [136])
            assert_gram(frame, truth)
        else:
            dtype = {"F32": "<f4", "BF16": ml_dtypes.bfloat16}[entry["dtype"]]
            assert entry["dtype"] == ("BF16" if context is bfloat16 else "F32")
            assert np.array_equal(np.frombuffer(frame, dtype).reshape(truth.shape).astype(np.float64), truth)


@pytest.mark.parametrize("precision", ["highest", "high", "medium"])
def test_gram_matrices_are_exact_and_the_precision_of_products_stays(ingest: Ingest, precision: str) -> None:
    from livecka.torch._payload import packed_gram

    before = torch.get_float32_matmul_precision()
    features = torch.randn(128, 3000, generator=torch.Generator().manual_seed(0)) + 5
    try:
        torch.set_float32_matmul_precision(precision)
        sent = packed_gram(features)
        assert torch.get_float32_matmul_precision() == precision
    finally:
        torch.set_float32_matmul_precision(before)
    assert_gram(sent.numpy().tobytes(), features.double().numpy())


def test_gram_matrices_of_float64_stay_float64() -> None:
    from livecka.torch._payload import packed_gram

    features = torch.randn(9, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + 1e3
    sent = packed_gram(features).numpy()
    np.testing.assert_allclose(sent, reference.gram(features.numpy())[np.triu_indices(9)], rtol=1e-9, atol=1e-9)


def test_labels_and_predictions_come_from_keyword_arguments(ingest: Ingest) -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(6, 3)

        def forward(self, x: Any, labels: Any) -> Any:
            return self.layer(x)

    model = Named()
    with tap(model, ingest) as watcher:
        watcher.step()
        output = model(x=INPUTS[:8], labels=LABELS[:8])
        header, _ = ingest.receive("batch")
    assert header["labels"] == LABELS[:8].tolist()
    assert header["predictions"] == output.argmax(1).tolist()


# Which forwards


def test_only_a_training_forward_is_tapped(ingest: Ingest) -> None:
    model = new_model()
    with tap(model, ingest) as watcher:
        assert watcher.step()
        with torch.no_grad():
            model(INPUTS)  # validation
        model.eval()
        model(INPUTS)  # validation that forgot no_grad
        model.train()
        assert watcher.counters.taps == 0
        model(INPUTS[:16])
        model(INPUTS[:32])  # another forward of the same step
        assert watcher.counters.taps == 1
        header, _ = ingest.receive("batch")
    assert header["tensors"][0]["shape"] == [16, 8]
    assert hook_count(model) == 0


def test_between_steps_a_single_hook_stands_and_only_after_sampled_ones(ingest: Ingest) -> None:
    model, counts = new_model(), []
    with tap(model, ingest) as watcher:
        for _ in range(7):
            watcher.step()
            counts.append(hook_count(model))
            model(INPUTS[:16]).sum().backward()
        assert watcher.counters.hooks == 3 * (1 + 3)
    assert counts == [1, 0, 1, 0, 0, 1, 0]


def test_a_loop_that_does_not_call_the_model_puts_its_forward_into_a_block(ingest: Ingest) -> None:
    model = new_model()
    with tap(model, ingest, every=2) as watcher:
        for _ in range(4):
            with watcher.tap():
                h = model.stem(INPUTS[:16])
                for block in model.blocks:
                    h = block(h)
            h.sum().backward()
            watcher.step()
        headers = [header for header, _ in received(ingest, 2)]
        assert (watcher.counters.taps, watcher.counters.missed) == (2, 0)
    assert [header["step"] for header in headers] == [1, 2]
    assert headers[0]["tensors"][0]["shape"] == [16, 8]


def test_a_model_that_is_never_called_is_told_once(ingest: Ingest, caplog: pytest.LogCaptureFixture) -> None:
    with tap(new_model(), ingest, every=1) as watcher:
        for _ in range(5):
            watcher.step()
        assert watcher.counters.missed == 4
    assert [record.getMessage() for record in caplog.records if "no training forward" in record.getMessage()] != []
    assert len(caplog.records) == 1


def test_a_forward_that_fails_leaves_no_hook_behind(ingest: Ingest) -> None:
    model = new_model()
    with tap(model, ingest) as watcher:
        watcher.step()
        with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
            model(torch.zeros(16, 5))
        assert hook_count(model) == 0
        assert watcher.counters.taps == 0
        for _ in range(2):
            watcher.step()
        model(INPUTS[:16])
        assert watcher.counters.taps == 1


def test_an_armed_model_can_be_copied_and_pickled(ingest: Ingest) -> None:
    model = new_model()
    with tap(model, ingest, every=1) as watcher:
        watcher.step()
        twin = copy.deepcopy(model)
        again = pickle.loads(pickle.dumps(model))  # noqa: S301
        twin(INPUTS[:16])
        again(INPUTS[:16])
        assert watcher.counters.taps == 0
        model(INPUTS[:16])
        assert watcher.counters.taps == 1


def test_nobody_listens_and_no_hook_is_armed() -> None:
    model = new_model()
    with livecka.torch.watch(model, run="run", endpoint="tcp://127.0.0.1:*", bind=True, every=1, strict=True) as watcher:
        assert train(new_model(), None) == train(model, watcher)
        assert watcher.counters == livecka.torch.Counters(STEPS, 0, 0, 0, 0, 0, 0, 0)
        assert watcher.cost.seconds == 0


# Several processes


def run_ranks(program: str, ingest: Ingest, tmp_path: Path) -> list[str]:
    """Runs two gloo processes of a program that has `tap`, `train` and `new_model`; what they print."""
    preamble = f"""
        import sys; sys.path[:0] = [{str(SOURCE)!r}, {str(TESTS)!r}]
        import os, torch, torch.distributed as dist, livecka.torch
        from torch.nn.parallel import DistributedDataParallel
        from test_torch_tap import new_model, train, INPUTS, LABELS
        torch.set_num_threads(1)
        dist.init_process_group("gloo", init_method="file://{tmp_path}/meeting", rank=int(sys.argv[1]), world_size=2)
        rank = dist.get_rank()

        def watch(model, **arguments):
            watcher = livecka.torch.watch(model, run="ranks", endpoint={ingest.endpoint!r}, every=3, budget=None, **arguments)
            assert watcher.monitor is None or watcher.monitor.wait_for_subscriber(20)
            return watcher
    """
    script = textwrap.dedent(preamble) + textwrap.dedent(program) + "\nwatcher.close(); dist.destroy_process_group()\n"
    programs = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", script, str(rank)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={**os.environ, "GLOO_SOCKET_IFNAME": "lo"},
        )
        for rank in range(2)
    ]
    outputs = []
    try:
        while any(program.poll() is None for program in programs):
            ingest.socket.poll(20)  # so that it subscribes
        for program in programs:
            output, complaints = program.communicate(timeout=60)
            assert program.returncode == 0, complaints
            outputs.append(output)
    finally:
        for program in programs:
            program.kill()
    return outputs


@pytest.mark.parametrize("ranks", ["first", "all"])
def test_two_gloo_processes_tap_once_each(ingest: Ingest, tmp_path: Path, ranks: str) -> None:
    outputs = run_ranks(f"""
        alone = train(DistributedDataParallel(new_model()), None)
        model = DistributedDataParallel(new_model())
        watcher = watch(model, ranks={ranks!r})
        assert train(model, watcher) == alone
        print(watcher.counters.taps)
    """, ingest, tmp_path)
    expected = [3, 3] if ranks == "all" else [3, 0]
    assert [int(output) for output in outputs] == expected
    headers = [header for header, _ in received(ingest, sum(expected))]
    places = sorted((header["step"], header.get("rank"), header.get("world")) for header in headers)
    if ranks == "first":
        assert places == [(step, None, None) for step in SAMPLED]
    else:
        assert places == [(step, rank, 2) for step in SAMPLED for rank in range(2)]


def test_two_gloo_processes_share_a_probe_set(ingest: Ingest, tmp_path: Path) -> None:
    run_ranks("""
        model = DistributedDataParallel(new_model())
        watcher = watch(model, ranks="all", probe=INPUTS[:40], batch_size=8)
        train(model, watcher)
        assert watcher.counters.sweeps == 4
    """, ingest, tmp_path)
    headers = [header for header, _ in received(ingest, 4 * 5)]
    places = sorted((header["step"], header["batch"], header["rank"]) for header in headers)
    assert places == [(step, batch, batch % 2) for step in [1, 3, 6, 9] for batch in range(5)]
    assert all(header["examples"] == list(range(8 * header["batch"], 8 * header["batch"] + 8)) for header in headers)


def test_a_sharded_model_is_tapped_and_refuses_a_probe_set(ingest: Ingest, tmp_path: Path) -> None:
    outputs = run_ranks("""
        from torch.distributed.fsdp import fully_shard
        from torch.distributed.device_mesh import init_device_mesh
        def sharded():
            model, mesh = new_model(), init_device_mesh("cpu", (2,))
            for block in model.blocks: fully_shard(block, mesh=mesh)
            return fully_shard(model, mesh=mesh)
        alone = train(sharded(), None)
        model = sharded()
        watcher = watch(model)
        assert train(model, watcher) == alone
        print(watcher.counters.taps)
        refused = watch(model, probe=INPUTS[:16])
        train(model, refused)
        print(refused.counters.sweeps, refused.faults)
    """, ingest, tmp_path)
    assert outputs[0].split(maxsplit=2)[:2] == ["3", "0"] and "RuntimeError" in outputs[0]
    assert len(received(ingest, 3)) == 3
