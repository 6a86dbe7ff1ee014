"""The Lightning callback in real trainers, with `lightning` and with `pytorch_lightning`, against a raw ingest socket."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import Ingest, Listen

torch = pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("lightning.pytorch", reason="Lightning is not installed")

import livecka.lightning  # noqa: E402
import livecka.torch  # noqa: E402

# Tests ask for exact steps, which a budget would thin out.
PARAMETERS = inspect.signature(livecka.torch.watch).parameters
UNLIMITED: dict[str, Any] = {"budget": None} if "budget" in PARAMETERS else {}
pytestmark = pytest.mark.filterwarnings("ignore")
PACKAGES = ["lightning.pytorch", "pytorch_lightning"]


def probe() -> Any:
    return torch.randn(12, 4, generator=torch.Generator().manual_seed(5))


def network(package: str = "lightning.pytorch") -> Any:
    """A LightningModule of two layers, that keeps its weights and losses of every step."""
    base = importlib.import_module(package).LightningModule

    class Network(base):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Dropout(0.5), torch.nn.Linear(8, 2))
            self.losses: list[float] = []
            self.weights: dict[int, Any] = {}
            self.raises_at: dict[int, BaseException] = {}

        def forward(self, inputs: Any) -> Any:
            return self.net(inputs)

        def training_step(self, batch: Any, index: int) -> Any:
            self.weights.setdefault(self.trainer.global_step, copy.deepcopy(self.net.state_dict()))
            if index in self.raises_at:
                raise self.raises_at[index]
            loss = torch.nn.functional.cross_entropy(self(batch[0]), batch[1])
            self.losses.append(loss.item())
            return loss

        def validation_step(self, batch: Any, index: int) -> Any:
            return self(batch[0]).mean()

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    return Network()


def data(count: int = 48) -> Any:
    random = torch.Generator().manual_seed(1)
    examples = torch.randn(count, 4, generator=random), torch.randint(0, 2, (count,), generator=random)
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*examples), batch_size=8)


def trainer(callbacks: Any = (), package: str = "lightning.pytorch", **options: Any) -> Any:
    settings = {
        "accelerator": "cpu", "devices": 1, "logger": False, "enable_checkpointing": False, "enable_progress_bar": False,
        "enable_model_summary": False, "max_epochs": 2, **options,
    }
    return importlib.import_module(package).Trainer(callbacks=list(callbacks), **settings)


def callback(ingest: Ingest, **options: Any) -> Any:
    settings = {
        "run": "net", "endpoint": ingest.endpoint, "probe": probe(), "layers": r"net\.\d", "every": 4, "strict": True,
        "wait": "10s", **UNLIMITED, **options,
    }
    return livecka.lightning.Callback(**settings)


def fit(watching: Any, model: Any, ingest: Ingest, **options: Any) -> list[dict[str, Any]]:
    """Trains, and returns what was said, `bye` last; each batch with its tensors as arrays by layer."""
    listening = ingest.in_the_background()
    trainer([watching], **options).fit(model, data())
    return listening.result()


@pytest.mark.parametrize("package", PACKAGES)
def test_each_probe_pass_shows_the_weights_of_its_step(ingest: Ingest, package: str) -> None:
    pytest.importorskip(package)
    model = network(package)
    watching = callback(ingest)
    assert isinstance(watching, importlib.import_module(package).Callback)
    messages = fit(watching, model, ingest, package=package)
    batches = [message for message in messages if message["type"] == "batch"]
    assert [batch["step"] for batch in batches] == [0, 4, 8, 12]
    for batch in batches[:-1]:  # the weights after the last step were not kept
        plain = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Dropout(0.5), torch.nn.Linear(8, 2)).eval()
        plain.load_state_dict(model.weights[batch["step"]])
        hidden = probe()
        for index, layer in enumerate(plain):
            hidden = layer(hidden)
            np.testing.assert_array_equal(batch["arrays"][f"net.{index}"], hidden.detach().numpy())
    assert messages[-1]["reason"] == "finished" and watching.faults == {}
    assert messages[-1]["sent"] == len(batches)


def test_training_is_the_same_to_the_last_bit(ingest: Ingest) -> None:
    watched = network()
    fit(callback(ingest, every=1), watched, ingest)
    alone = network()  # seeds the random numbers of its dropout as well
    trainer().fit(alone, data())
    assert watched.losses == alone.losses and len(alone.losses) == 12


def test_steps_are_optimiser_steps_where_gradients_are_accumulated_and_evaluation_is_not_watched(ingest: Ingest) -> None:
    listening = ingest.in_the_background()
    watching = trainer([callback(ingest, every=1)], accumulate_grad_batches=3, val_check_interval=2)
    watching.fit(network(), data(), data(16))
    steps = [message["step"] for message in listening.result() if message["type"] == "batch"]
    assert steps == [0, 1, 2, 3, 4]


def test_steps_go_on_from_a_checkpoint(ingest: Ingest, open_ingest: Listen, tmp_path: Path) -> None:
    first = trainer([], max_epochs=1)
    model = network()
    first.fit(model, data())
    first.save_checkpoint(tmp_path / "checkpoint")
    listening = ingest.in_the_background()
    trainer([callback(ingest)]).fit(model, data(), ckpt_path=tmp_path / "checkpoint")
    steps = [message["step"] for message in listening.result() if message["type"] == "batch"]
    assert steps == [6, 8, 12]


@pytest.mark.parametrize(("precision", "dtype"), [("bf16-true", "BF16"), ("bf16-mixed", "BF16"), ("32-true", "F32")])
def test_the_probe_set_runs_in_the_trainers_precision(ingest: Ingest, precision: str, dtype: str) -> None:
    messages = fit(callback(ingest, layers="net.0"), network(), ingest, precision=precision)
    entries = [entry for message in messages if message["type"] == "batch" for entry in message["tensors"]]
    assert {entry["dtype"] for entry in entries} == {dtype} and len(entries) == 4


@pytest.mark.parametrize(
    ("error", "reason"), [(RuntimeError("no"), "failed"), (KeyboardInterrupt(), "interrupted")]
)
def test_a_run_that_breaks_off_says_so(ingest: Ingest, error: BaseException, reason: str) -> None:
    model = network()
    model.raises_at = {5: error}
    listening = ingest.in_the_background()
    with pytest.raises((type(error), SystemExit)):
        trainer([callback(ingest)]).fit(model, data())
    assert listening.result()[-1]["reason"] == reason


def test_a_second_training_is_a_second_session(ingest: Ingest) -> None:
    watching, model = callback(ingest), network()
    first, second = fit(watching, model, ingest), fit(watching, model, ingest)
    assert first[-1]["reason"] == second[-1]["reason"] == "finished"
    assert first[-1]["session"] != second[-1]["session"]


def test_nothing_that_goes_wrong_reaches_the_trainer(ingest: Ingest, caplog: pytest.LogCaptureFixture) -> None:
    def broken(model: Any, inputs: Any) -> Any:
        raise ValueError("the probe set does not fit")

    for options in ({"forward": broken}, {"layers": "missing"}, {"module": "missing"}):
        model, watching = network(), callback(ingest, strict=False, wait=0, **options)
        listening = ingest.in_the_background() if "forward" in options else None
        if listening is not None:
            watching._attachment._options["wait"] = "10s"
        trainer([watching]).fit(model, data())
        assert len(model.losses) == 12 and sum(watching.faults.values()) >= 1
        if listening is not None:
            assert listening.result()[-1]["reason"] == "finished"
    assert len([record for record in caplog.records if record.name == "livecka"]) == 3


def test_without_a_daemon_nothing_happens() -> None:
    watching = livecka.lightning.Callback(run="net", endpoint="tcp://127.0.0.1:9", probe=probe(), wait=0, strict=True)
    model = network()
    trainer([watching]).fit(model, data())
    assert watching.watcher.stats.attempted == 0 and watching.faults == {}


def test_a_part_of_the_model_can_be_watched(ingest: Ingest) -> None:
    messages = fit(callback(ingest, module="net", layers=["0", "3"]), network(), ingest)
    assert {entry["layer"] for message in messages if message["type"] == "batch" for entry in message["tensors"]} == {"0", "3"}


@pytest.mark.skipif(PARAMETERS["probe"].default is inspect.Parameter.empty, reason="this version of watch needs a probe set")
def test_without_a_probe_set_training_batches_are_tapped(ingest: Ingest) -> None:
    model = network()
    messages = fit(callback(ingest, probe=None, layers=["net.0"], payload="activations"), model, ingest)
    batches = [message for message in messages if message["type"] == "batch"]
    assert [batch["step"] for batch in batches] == [0, 4, 8]
    examples = data().dataset.tensors[0]
    for batch in batches:
        plain = torch.nn.Linear(4, 8)
        plain.load_state_dict({key: model.weights[batch["step"]][f"0.{key}"] for key in ("weight", "bias")})
        index = batch["step"] % 6
        expected = plain(examples[8 * index : 8 * index + 8]).detach().numpy()
        np.testing.assert_array_equal(batch["arrays"]["net.0"], expected)


@pytest.mark.parametrize("how", ["copy", "deepcopy", "pickle"])
def test_copies_have_the_options_and_watch_nothing_until_they_train(ingest: Ingest, how: str) -> None:
    original = callback(ingest, every=6)
    listening = ingest.in_the_background()
    trainer([original]).fit(network(), data())
    listening.result()
    duplicate = pickle.loads(pickle.dumps(original)) if how == "pickle" else getattr(copy, how)(original)
    assert type(duplicate) is type(original)
    if how != "copy":
        assert duplicate.watcher is None
    steps = [message["step"] for message in fit(duplicate, network(), ingest) if message["type"] == "batch"]
    assert steps == [0, 6, 12]


def test_wrong_options_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="run name"):
        livecka.lightning.Callback(run="a/b", probe=probe())
    with pytest.raises(TypeError, match="evry"):
        livecka.lightning.Callback(run="net", probe=probe(), evry=3)


def test_a_subclass_is_a_callback_of_its_own() -> None:
    class Mine(livecka.lightning.Callback):  # type: ignore[misc, valid-type]
        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            self.epochs = getattr(self, "epochs", 0) + 1

    mine = Mine(run="net", endpoint="tcp://127.0.0.1:9", probe=probe(), wait=0)
    trainer([mine]).fit(network(), data())
    assert mine.epochs == 2 and isinstance(mine, importlib.import_module("lightning.pytorch").Callback)


def test_no_framework_is_imported_unless_used() -> None:
    program = (
        "import sys, livecka, livecka.lightning\n"
        "assert not {'torch', 'lightning', 'pytorch_lightning', 'transformers', 'jax'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


SCRIPT = """
import sys
sys.path[:0] = {path!r}
import torch
torch.set_num_threads(1)
from test_lightning import UNLIMITED, data, network, trainer
import livecka.lightning
watching = livecka.lightning.Callback(
    run="ddp", endpoint={endpoint!r}, probe=torch.ones(8, 4), layers="net.0", every=1, wait="20s", strict=True,
    **UNLIMITED)
if __name__ == "__main__":
    trainer([watching], strategy="ddp_fork", devices=2, max_epochs=1).fit(network(), data(32))
"""


def test_only_the_first_of_two_processes_watches(ingest: Ingest, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(path=[str(Path(__file__).parent)], endpoint=ingest.endpoint))
    listening = ingest.in_the_background(timeout=90)
    result = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)], capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr[-3000:]
    messages = listening.result()
    assert [message["step"] for message in messages if message["type"] == "batch"] == [0, 1, 2]
    assert len({message["session"] for message in messages}) == 1
